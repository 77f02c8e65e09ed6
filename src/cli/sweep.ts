import { deviceCount } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import type { Problem } from '../domain/problem.ts';
import { type Sweep, sweepDocument, sweepTable } from '../reporters/sweep.ts';
import { byGpus, gpuFront } from '../search/by-gpus.ts';
import { memoryFront } from '../search/by-memory.ts';
import { sizesBetween } from '../search/node-sizes.ts';
import type { SearchOptions } from '../search/space/options.ts';
import type { Sweeping } from '../search/sweep.ts';
import { played } from '../session/played.ts';
import { formatPercent } from '../units/format.ts';
import { styleOf } from './command.ts';
import { EXIT, foundOr, type Io, printJson } from './io.ts';
import type { Given } from './problem.ts';
import { sizesFrom } from './search-flags.ts';
import type { Settings } from './settings.ts';
import { timeLimitFrom, watchOf } from './watch.ts';

/** A sweep that was asked for, and what the budget of one of its searches is called. */
interface Asked {
  readonly kind: Sweep['kind'];
  readonly steps: (options: SearchOptions) => Sweeping;
  readonly named: (budget: number) => string;
}

/** plan with --gpus or --pareto: many plans, each the best within a budget; they share one time limit. Returns the exit code. */
export async function sweep(
  { problem, origin }: Given,
  options: SearchOptions,
  s: Settings,
  flags: Readonly<Record<string, unknown>>,
  io: Io,
): Promise<number> {
  const asked = askedFrom(problem, options, flags);
  const watch = watchOf(io, { quiet: flags.quiet === true, seconds: timeLimitFrom(s) });
  const sweeps: Sweep[] = [];
  for (const [i, { kind, steps, named }] of asked.entries()) {
    const all = asked.length;
    const interrupted = watch.interruptedFirstOf(all - i);
    const watched = { ...options, interrupted, progress: watch.progress };
    const swept = await played(steps(watched), ({ budget, share, part }) => {
      watch.at({ what: named(budget), share: (i + share) / all, part: part / all });
      return watch.pause();
    });
    sweeps.push({ kind, ...swept });
  }
  watch.end();
  if (flags.json === true) printJson(io, sweepDocument(problem, sweeps, origin));
  else io.stdout(sweepTable(problem, sweeps, styleOf(io)));
  if (sweeps.some(({ cut }) => cut?.by === 'interrupt')) return EXIT.interrupted;
  const planned = sweeps.some(({ points }) => points.some(({ plan }) => plan !== null));
  return foundOr(planned, (options.launcher?.excludes?.(problem) ?? null) !== null);
}

function askedFrom(
  problem: Problem,
  options: SearchOptions,
  flags: Readonly<Record<string, unknown>>,
): Asked[] {
  const most = Math.min(options.maxGpus, deviceCount(problem.cluster));
  const gpus = (budget: number) => `at most ${budget} GPUs`;
  const asked: Asked[] = [];
  if (flags.gpus !== undefined) {
    const sizes = sizesBetween(problem.cluster, ...sizesFrom(String(flags.gpus), most));
    asked.push({ kind: 'gpus', steps: (watched) => byGpus(problem, sizes, watched), named: gpus });
  }
  if (flags.pareto === true) {
    if (options.objective.id !== 'time')
      throw new InputError({
        message: `--objective ${options.objective.id} beside --pareto`,
        expected: 'time: both fronts are of step time',
      });
    asked.push({
      kind: 'pareto-gpus',
      steps: (watched) => gpuFront(problem, watched, most),
      named: gpus,
    });
    asked.push({
      kind: 'pareto-memory',
      steps: (watched) => memoryFront(problem, watched),
      named: (share) => `at most ${formatPercent(share)} of memory`,
    });
  }
  return asked;
}
