import { workerData } from 'node:worker_threads';
import type { Problem } from '../domain/problem.ts';
import { LAUNCHABLE, launcherOf } from '../frameworks/index.ts';
import { bookFor } from '../search/bound/book-for.ts';
import { type Findings, type Known, type Refined, work } from '../search/run/open.ts';
import type { Batch } from '../search/run/part.ts';
import { queueOf } from '../search/run/queue.ts';
import { type Objective, objectiveOf } from '../search/space/objective.ts';
import { DEFAULT_OPTIONS, type SearchOptions } from '../search/space/options.ts';

/** A search as another thread receives it: data only. */
export interface Job {
  readonly problem: Problem;
  readonly options: Pick<
    SearchOptions,
    | 'top'
    | 'ties'
    | 'fix'
    | 'max'
    | 'allow'
    | 'alikeStages'
    | 'mustUse'
    | 'avoid'
    | 'maxGpus'
    | 'exhaustive'
    | 'threshold'
  >;
  readonly launcher: string | null;
  /** Not zero once the search is to stop. */
  readonly stop: SharedArrayBuffer;
  readonly objective: Pick<Objective, 'id' | 'prices' | 'most'>;
}

export type Task = Batch & Known;

// tinypool hands a worker its own data beside the caller's.
const [, job] = workerData as [unknown, Job];
const { problem } = job;
const stop = new Int32Array(job.stop);
const options: SearchOptions = {
  ...DEFAULT_OPTIONS,
  ...job.options,
  launcher:
    job.launcher === null
      ? null
      : job.launcher === LAUNCHABLE.id
        ? LAUNCHABLE
        : (launcherOf(job.launcher) ?? null),
  objective: objectiveOf(problem.cluster, job.objective),
  interrupted: () => (Atomics.load(stop, 0) === 0 ? null : 'stopped'),
};
const queue = queueOf(problem, options);
const book = bookFor(problem);

export default function run(task: Task): (Findings | Refined)[] {
  return task.parts.map((part) => work(problem, options, book, queue[part.entry]!, part, task));
}
