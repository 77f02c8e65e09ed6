import type { ClusterChange } from '../catalogue/cluster-change.ts';
import { deviceCount } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import type { Problem } from '../domain/problem.ts';
import { sweepPage } from '../reporters/report/sweep-report.ts';
import { sweepDocument, sweepTable } from '../reporters/sweep.ts';
import type { Sweep, TriedVariant } from '../reporters/sweep-words.ts';
import { byGpus, gpuFront } from '../search/by-gpus.ts';
import { memoryFront } from '../search/by-memory.ts';
import { byVariant } from '../search/by-variant.ts';
import { sizesBetween } from '../search/node-sizes.ts';
import type { SearchOptions } from '../search/space/options.ts';
import type { Points, Sweeping } from '../search/sweep.ts';
import { played } from '../session/played.ts';
import { pointsBy } from '../session/steady-points.ts';
import { formatPercent } from '../units/format.ts';
import { styleOf } from './command.ts';
import { EXIT, foundOr, type Io, printJson } from './io.ts';
import type { Given } from './problem.ts';
import { rankFrom } from './rank.ts';
import { writeReport } from './report.ts';
import { sizesFrom } from './search-flags.ts';
import type { Settings } from './settings.ts';
import { timeLimitFrom, watchOf } from './watch.ts';
import { refuseTooLarge, whatIfFrom } from './what-if.ts';

/** A sweep that was asked for, and what the budget of one of its searches is called. */
interface Asked {
  readonly kind: Sweep['kind'];
  readonly steps: (watched: Watched) => Sweeping;
  readonly named: (budget: number) => string;
  readonly variants?: readonly TriedVariant[];
}

type Watched = Pick<SearchOptions, 'interrupted' | 'progress'>;
/** The problem, and how to search it, with one quantity of the cluster changed. */
type Changed = (change: ClusterChange) => { readonly problem: Problem; readonly options: SearchOptions };

/** plan with --gpus, --what-if or --pareto: many plans, each the best of a search; all share one time limit. Returns the exit code. */
export async function sweep(
  { problem, origin }: Given,
  options: SearchOptions,
  changed: Changed,
  s: Settings,
  flags: Readonly<Record<string, unknown>>,
  io: Io,
): Promise<number> {
  const rank = rankFrom(s);
  const asked = askedFrom(problem, options, changed, pointsBy(rank), flags);
  const watch = watchOf(io, { quiet: flags.quiet === true, seconds: timeLimitFrom(s) });
  const sweeps: Sweep[] = [];
  for (const [i, { kind, steps, named, variants }] of asked.entries()) {
    const all = asked.length;
    const interrupted = watch.interruptedFirstOf(all - i);
    const swept = await played(
      steps({ interrupted, progress: watch.progress }),
      ({ budget, share, part }) => {
        watch.at({ what: named(budget), share: (i + share) / all, part: part / all });
        return watch.pause();
      },
    );
    sweeps.push({ kind, rank, ...swept, ...(variants === undefined ? {} : { variants }) });
  }
  watch.end();
  if (flags.json === true) printJson(io, sweepDocument(problem, sweeps, origin));
  else io.stdout(sweepTable(problem, sweeps, styleOf(io)));
  if (flags.report !== undefined) writeReport(String(flags.report), sweepPage(problem, sweeps, origin), io);
  if (sweeps.some(({ cut }) => cut?.by === 'interrupt')) return EXIT.interrupted;
  const planned = sweeps.some(({ points }) => points.some(({ plan }) => plan !== null));
  return foundOr(planned, (options.launcher?.excludes?.(problem) ?? null) !== null);
}

function askedFrom(
  problem: Problem,
  options: SearchOptions,
  changed: Changed,
  points: Points,
  flags: Readonly<Record<string, unknown>>,
): Asked[] {
  const most = Math.min(options.maxGpus, deviceCount(problem.cluster));
  const gpus = (budget: number) => `at most ${budget} GPUs`;
  const asked: Asked[] = [];
  if (flags.gpus !== undefined) {
    const sizes = sizesBetween(
      problem.cluster,
      ...sizesFrom(String(flags.gpus), deviceCount(problem.cluster), options),
    );
    asked.push({
      kind: 'gpus',
      steps: (watched) => byGpus(problem, sizes, { ...options, ...watched }, points),
      named: gpus,
    });
  }
  if (flags.whatIf !== undefined) {
    const changes = whatIfFrom(String(flags.whatIf));
    const tried = changes.map((change) => {
      const one = changed(change);
      refuseTooLarge(one.problem.cluster, change);
      return { change, ...one };
    });
    asked.push({
      kind: 'what-if',
      steps: (watched) =>
        byVariant(
          tried.map((one) => ({ problem: one.problem, options: { ...one.options, ...watched } })),
          points,
        ),
      named: (index) => tried[index]!.problem.cluster.name,
      variants: tried.map(({ change, ...one }) => ({
        problem: one.problem,
        key: change.key,
        value: change.value,
      })),
    });
  }
  if (flags.pareto === true) {
    if (options.objective.id !== 'time')
      throw new InputError({
        message: `--objective ${options.objective.id} beside --pareto`,
        expected: 'time: both fronts are of step time',
      });
    asked.push({
      kind: 'pareto-gpus',
      steps: (watched) => gpuFront(problem, { ...options, ...watched }, most, points),
      named: gpus,
    });
    asked.push({
      kind: 'pareto-memory',
      steps: (watched) => memoryFront(problem, { ...options, ...watched }, points),
      named: (share) => `at most ${formatPercent(share)} of memory`,
    });
  }
  return asked;
}
