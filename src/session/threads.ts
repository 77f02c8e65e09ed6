import { availableParallelism } from 'node:os';
import Tinypool from 'tinypool';
import type { Problem } from '../domain/problem.ts';
import type { SearchResult } from '../domain/search-result.ts';
import type { Findings } from '../search/run/open.ts';
import { type Round, searchRounds } from '../search/search.ts';
import type { SearchOptions } from '../search/space/options.ts';
import type { Job, Task } from './search-worker.ts';

/** Configurations below which starting threads costs more than they bring. */
const WORTH_THREADS = 1_000_000;
const MOST_THREADS = 8;

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
): Promise<SearchResult> {
  const job: Job = {
    problem,
    options: {
      top: options.top,
      fix: options.fix,
      max: options.max,
      alikeStages: options.alikeStages,
      mustUse: options.mustUse,
      maxGpus: options.maxGpus,
      exhaustive: options.exhaustive,
      threshold: options.threshold,
    },
    launcher: options.launcher?.id ?? null,
    objective: { id: options.objective.id, prices: options.objective.prices },
  };
  const pool = new Tinypool({
    filename: new URL('./search-worker.js', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    workerData: job,
  });
  try {
    const rounds = searchRounds(problem, options);
    let step = rounds.next();
    while (step.done !== true) {
      const findings = await opened(pool, step.value, threads);
      step = rounds.next({ findings, cutBy: options.interrupted() });
    }
    return step.value;
  } finally {
    await pool.destroy();
  }
}

async function opened(
  pool: Tinypool,
  { first, end, threshold }: Round,
  threads: number,
): Promise<Findings[]> {
  const shares = Array.from({ length: Math.min(threads, end - first) }, (_, t) => {
    const entries: number[] = [];
    for (let i = first + t; i < end; i += threads) entries.push(i);
    return entries;
  });
  const results = await Promise.all(
    shares.map((entries) => pool.run({ entries, threshold } satisfies Task) as Promise<Findings[]>),
  );
  const findings = new Array<Findings>(end - first);
  for (const [t, entries] of shares.entries())
    for (const [k, i] of entries.entries()) findings[i - first] = results[t]![k]!;
  return findings;
}
