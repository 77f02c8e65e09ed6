import { nextBest, PRECISIONS } from '../domain/dtype.ts';
import { groupsOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { IdleGroup, RankedPlan } from '../domain/search-result.ts';
import { supports } from '../hardware/gemm.ts';
import type { Entry } from './run/entry.ts';
import { SETTLED_GAIN } from './run/kept.ts';
import { search } from './search.ts';
import { ALONE, type SearchOptions } from './space/options.ts';

/** Of idle groups the first are asked, a search each; where there are many those would say nothing of the others. */
const ASKED = { first: 3, ofAtMost: 8 };
/** A free plan is worth a word when it is this much faster. */
export const WORTH_SAYING = 0.05;

/** What each group that the best plan leaves idle would have brought: the best plan that must use it. */
export function idleGroups(problem: Problem, best: RankedPlan, options: Partial<SearchOptions>): IdleGroup[] {
  const used = groupsOf(best.plan);
  const idle = problem.cluster.groups.filter((group) => !used.includes(group.index));
  const fresh = { ...options, ...ALONE, threshold: Number.POSITIVE_INFINITY };
  let common: IdleGroup['otherwise'];
  return idle.map(({ index, id, gpu, nodes, gpusPerNode }, i) => {
    const asked = i < ASKED.first && idle.length <= ASKED.ofAtMost;
    const outcome = asked ? search(problem, { ...fresh, mustUse: [...used, index] }) : null;
    const with_ = outcome?.plans[0];
    // The same whichever group asks.
    const inCommon = () => {
      common ??= inCommonPrecision(problem, fresh);
      return common;
    };
    const reason = with_ === undefined ? (outcome?.certificate.rejected[0]?.example.reason ?? null) : null;
    return {
      group: id,
      gpuType: gpu.id,
      gpus: nodes * gpusPerNode,
      asked,
      stepSeconds: with_?.estimate.stepSeconds ?? null,
      reason,
      otherwise: reason?.rule === 'precision' ? inCommon() : null,
    };
  });
}

/** The best step in the next best precision that every GPU computes in. */
function inCommonPrecision(
  problem: Problem,
  options: Partial<SearchOptions>,
): NonNullable<IdleGroup['otherwise']> | null {
  const asked = problem.workload.precision;
  const common = PRECISIONS.filter((one) => problem.cluster.groups.every(({ gpu }) => supports(gpu, one)));
  if (common.length === 0) return null;
  const precision = nextBest(asked, common);
  const workload = { ...problem.workload, precision };
  const [best] = search({ ...problem, workload }, options).plans;
  return best === undefined ? null : { precision, stepSeconds: best.estimate.stepSeconds };
}

/** `queue`: where there can be any; left out: everywhere. The best plan that `launcher` runs (null: of all), when it is more than 5 % faster than `best`. */
export function freerPlan(
  problem: Problem,
  best: RankedPlan | undefined,
  options: Partial<SearchOptions>,
  launcher: SearchOptions['launcher'],
  queue?: readonly Entry[],
): RankedPlan | null {
  // What is no faster than that is not looked for.
  const threshold =
    best === undefined ? Number.POSITIVE_INFINITY : best.estimate.stepSeconds * (1 - WORTH_SAYING);
  const bound = { threshold: threshold / SETTLED_GAIN };
  const freed = { ...options, ...ALONE, ...bound, launcher, alikeStages: false };
  const [free] = search(problem, freed, queue).plans;
  return free !== undefined && free.estimate.stepSeconds < threshold ? free : null;
}
