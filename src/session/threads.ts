import { availableParallelism } from 'node:os';
import Tinypool from 'tinypool';
import type { Problem } from '../domain/problem.ts';
import { bookFor } from '../search/bound/book-for.ts';
import type { Entry } from '../search/run/entry.ts';
import type { Findings, Refined } from '../search/run/open.ts';
import type { Part } from '../search/run/part.ts';
import type { Round } from '../search/run/round.ts';
import { type Searched, searchRounds } from '../search/search.ts';
import type { SearchOptions } from '../search/space/options.ts';
import type { Job, Task } from './search-worker.ts';

/** Configurations below which starting threads costs more than they bring. */
const WORTH_THREADS = 1_000_000;
const MOST_THREADS = 8;
/** How often threads at work are told of an interruption. */
const WATCH_MS = 100;

export function defaultThreads(space: number): number {
  return space < WORTH_THREADS ? 1 : Math.min(MOST_THREADS, availableParallelism());
}

/** Whether threads can be started at all: only the built program has a worker file. */
export function canThread(): boolean {
  return import.meta.url.endsWith('.js');
}

/** The search with its rounds shared out among threads: the same plans and counts as with one. */
export async function searchThreaded(
  problem: Problem,
  options: SearchOptions,
  threads: number,
  queue: readonly Entry[],
): Promise<Searched> {
  const job: Job = {
    problem,
    options: {
      top: options.top,
      ties: options.ties,
      fix: options.fix,
      max: options.max,
      allow: options.allow,
      alikeStages: options.alikeStages,
      mustUse: options.mustUse,
      avoid: options.avoid,
      maxGpus: options.maxGpus,
      exhaustive: options.exhaustive,
      threshold: options.threshold,
    },
    launcher: options.launcher?.id ?? null,
    stop: new SharedArrayBuffer(4),
    objective: {
      id: options.objective.id,
      prices: options.objective.prices,
      ...(options.objective.most === undefined ? {} : { most: options.objective.most }),
    },
  };
  // A pool each: the thread that opened a part of an entry opens the others too.
  const pools = Array.from(
    { length: threads },
    () =>
      new Tinypool({
        filename: new URL('./search-worker.js', import.meta.url).href,
        minThreads: 1,
        maxThreads: 1,
        workerData: job,
      }),
  );
  const stop = new Int32Array(job.stop);
  const watch = setInterval(() => {
    if (options.interrupted() !== null) Atomics.store(stop, 0, 1);
  }, WATCH_MS);
  try {
    const rounds = searchRounds(problem, options, bookFor(problem), queue);
    let step = rounds.next();
    while (step.done !== true) {
      const findings = await shared(pools, step.value);
      step = rounds.next({ findings, cutBy: options.interrupted() });
    }
    return step.value;
  } finally {
    clearInterval(watch);
    await Promise.all(pools.map((pool) => pool.destroy()));
  }
}

/** What the parts of a round bring, in their order. */
async function shared(
  pools: readonly Tinypool[],
  { queue: _, parts, ...known }: Round,
): Promise<(Findings | Refined)[]> {
  const found = new Map<Part, Findings | Refined>();
  await Promise.all(
    pools.map(async (pool, thread) => {
      const share = parts.filter(({ entry }) => entry % pools.length === thread);
      if (share.length === 0) return;
      const results: (Findings | Refined)[] = await pool.run({ ...known, parts: share } satisfies Task);
      for (const [i, part] of share.entries()) found.set(part, results[i]!);
    }),
  );
  return parts.map((part) => found.get(part)!);
}
