import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { RankedPlan, SearchResult } from '../domain/search-result.ts';
import { frameBound } from './bounds.ts';
import { type Bundle, bundles } from './bundles.ts';
import { chains } from './chains.ts';
import { CostBook } from './cost-book.ts';
import { evenSplit } from './even-split.ts';
import { expand, type Run, worstKept } from './expand.ts';
import { bundleSpace, bundleSwitches, expandBundle } from './expand-bundle.ts';
import type { Evaluated } from './kept.ts';
import { devicesOfFrame, layoutsOf } from './layouts.ts';
import { findNearestMiss } from './nearest-miss.ts';
import { DEFAULT_OPTIONS, type SearchOptions } from './options.ts';
import { proofOf } from './proof.ts';
import { switchCounts } from './switches.ts';
import { Tally } from './tally.ts';

/**
 * Finds the best plans. Every configuration is either rejected by a named rule, left aside because a lower bound of its
 * own or of its frame is no better than the worst plan kept, or costed by the one evaluator; the certificate counts all.
 */
export function search(problem: Problem, given: Partial<SearchOptions> = {}): SearchResult {
  const steps = searchSteps(problem, given);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same search, pausing between frames so that a caller can draw breath: handle a signal, show progress. */
export function* searchSteps(
  problem: Problem,
  given: Partial<SearchOptions> = {},
): Generator<void, SearchResult, void> {
  const options = { ...DEFAULT_OPTIONS, ...given };
  // Bounds and cuts take links as specified, which measured ones never beat; estimates take them as measured.
  const { measured: _, ...specified } = problem.cluster;
  const book = new CostBook({ ...problem, cluster: specified });
  const run: Run = {
    problem,
    options,
    book,
    tally: new Tally(),
    misses: [],
    kept: [],
    boundedAway: 0,
    evaluated: 0,
  };
  const allowed = [...chains(problem, options)].filter(
    (frame) =>
      devicesOfFrame(frame) <= options.maxGpus &&
      options.mustUse.every((group) => frame.runs.some((run) => run.group === group)),
  );
  const choices = switchCounts(problem, options);
  const queue: Entry[] = allowed.map((frame) => ({
    open: () => expand(run, frame),
    bound: options.objective.bound(frameBound(problem, [frame]), [frame]),
    count: choices(frame) * layoutsOf(problem, frame, options).length,
  }));
  for (const bundle of bundles(problem, options)) {
    queue.push({
      open: () => expandBundle(run, bundle),
      bound: bundleBound(problem, bundle, options),
      count: bundleSwitches(problem, run).length * bundleSpace(bundle),
    });
  }
  queue.sort((a, b) => a.bound - b.bound);
  const space = queue.reduce((sum, { count }) => sum + count, 0);
  let cutBy: string | null = null;
  let next = 0;
  for (; next < queue.length; next++) {
    const { open, bound } = queue[next]!;
    if (bound >= worstKept(run)) break;
    cutBy = run.evaluated >= options.maxEvaluations ? 'max-evaluations' : options.interrupted();
    if (cutBy !== null) break;
    options.progress?.(run.evaluated, queue.length - next, run.kept[0]?.estimate.stepSeconds ?? null);
    open();
    yield;
  }
  const rest = queue.slice(next).reduce((sum, { count }) => sum + count, 0);
  const best = run.kept[0]?.value ?? null;
  const proven = cutBy === null ? best : (queue[next]?.bound ?? best);
  return {
    plans: run.kept.map((one, index) => ranked(run, one, index)),
    evenSplit: evenSplit(problem, options, book),
    nearestMiss: findNearestMiss(problem, run.misses, book, options.launcher),
    certificate: {
      space,
      rejected: run.tally.list(),
      boundedAway: run.boundedAway + (cutBy === null ? rest : 0),
      evaluated: run.evaluated,
      left: cutBy === null ? 0 : rest,
      optimal: cutBy === null,
      gap: best === null || proven === null ? 0 : Math.max(0, (best - proven) / best),
      cutBy,
    },
  };
}

/** All chains of a class use all its GPUs: any of them stands for all. */
function bundleBound(problem: Problem, { classes }: Bundle, { objective }: SearchOptions): number {
  const frames = classes.map(([frame]) => frame!);
  return objective.bound(frameBound(problem, frames), frames);
}

/** What the search opens at once, never faster than its bound. */
interface Entry {
  readonly open: () => void;
  readonly bound: number;
  readonly count: number;
}

/** Differences below this share are noise between two plans of one model on one cluster. */
const TIE = 0.02;

function ranked({ problem, book, kept }: Run, one: Evaluated, index: number): RankedPlan {
  const best = kept[0]!;
  const slower = one.value / best.value - 1;
  return {
    rank: index + 1,
    plan: one.realised.plan as Plan,
    estimate: one.estimate,
    family: one.family,
    tiedWithBest: slower <= Math.min(TIE, one.estimate.band),
    variants: (one.folded ?? []).map(({ realised, estimate }) => ({
      plan: realised.plan,
      stepSeconds: estimate.stepSeconds,
    })),
    partition: proofOf(problem, one, book),
  };
}
