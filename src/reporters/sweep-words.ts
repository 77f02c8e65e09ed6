import { devicesByGroup, devicesOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { LEAST_STEP } from '../search/by-memory.ts';
import { kneeOf, NEARLY } from '../search/knee.ts';
import { FRONT_STEP, type SweepPoint, type Swept } from '../search/sweep.ts';
import type { Rank } from '../session/steady-first.ts';
import { digits, formatPercent } from '../units/format.ts';
import { steadyRowsWords } from './rank-words.ts';

export interface Sweep extends Swept {
  readonly kind: 'gpus' | 'pareto-memory' | 'pareto-gpus' | 'what-if';
  /** Which of the plans that tie each point shows. */
  readonly rank: Rank;
  /** Of what-if: the problems that were searched, by budget. */
  readonly variants?: readonly TriedVariant[];
}

/** A problem with one quantity of the cluster as it might be. */
export interface TriedVariant {
  readonly problem: Problem;
  /** As the cluster file names it. */
  readonly key: string;
  readonly value: string | number;
}

export interface UsedGpus {
  readonly group: string;
  readonly gpuType: string;
  readonly gpus: number;
}

/** GPUs of each node group that a plan uses. */
export function usedGpus({ cluster }: Problem, { plan }: RankedPlan): UsedGpus[] {
  return [...devicesByGroup(plan)].map(([group, gpus]) => {
    const { id, gpu } = cluster.groups[group]!;
    return { group: id, gpuType: gpu.id, gpus };
  });
}

/** `32 h100`, `16 a100-40`. */
export function usedWords(problem: Problem, plan: RankedPlan): string[] {
  return usedGpus(problem, plan).map(({ gpus, group }) => `${gpus} ${group}`);
}

export function budgetWords({ kind, variants }: Sweep, budget: number): string {
  if (kind === 'pareto-memory') return formatPercent(budget);
  return `${variants?.[budget]?.value ?? budget}`;
}

/** What a sweep says below its table, a line each. */
export function sweepWords(problem: Problem, sweep: Sweep): string[] {
  const { kind, cut, variants, points } = sweep;
  const steady = points.flatMap(({ budget, plan, fastest }) =>
    plan === null || fastest === undefined ? [] : [{ name: budgetWords(sweep, budget), plan, fastest }],
  );
  const counts = kind === 'gpus' || (kind === 'what-if' && variants![0]!.key === 'nodes');
  return [
    ...(counts ? scaling(problem, sweep) : []),
    ...(kind === 'pareto-memory' || kind === 'pareto-gpus' ? [FRONT_WORDS] : []),
    ...(kind === 'pareto-memory' ? [MEMORY_WORDS] : []),
    ...steadyRowsWords(steady),
    ...(cut === null ? [] : [cutWords(sweep, cut)]),
  ];
}

const FRONT_WORDS = `The front: what is less than ${100 * FRONT_STEP}% faster than a plan with less is left out.`;

const MEMORY_WORDS = `Memory: of the fullest GPU, with what others hold of it. Searched with 1% less of it at a time, and for the least to ${100 * LEAST_STEP}%.`;

/** What was left when a sweep was stopped. */
function cutWords(sweep: Sweep, { by, left }: NonNullable<Sweep['cut']>): string {
  const [first, last] = [left[0]!, left.at(-1)!];
  const all = left.map((budget) => budgetWords(sweep, budget)).join(', ');
  const what = {
    gpus: `at most ${all} GPUs`,
    'pareto-memory': `plans with at most ${formatPercent(first)} of memory`,
    'pareto-gpus': left.length === 1 ? `plans with ${first} GPUs` : `plans with ${first} to ${last} GPUs`,
    'what-if': `${sweep.variants?.[0]?.key} ${all}`,
  }[sweep.kind];
  return `${by === 'interrupt' ? 'Interrupted' : 'Out of time'}: not searched to the end: ${what}.`;
}

/**
 * Where scaling stops paying, and how few GPUs are nearly as fast as any; nothing where no two sizes can be compared. Of what each size
 * can reach: which of the plans that tie is shown may differ from size to size.
 */
function scaling(problem: Problem, { points, variants }: Sweep): string[] {
  const sizes = points.flatMap(({ budget, plan: first, fastest }: SweepPoint) => {
    const plan = fastest ?? first;
    return plan === null
      ? []
      : [{ gpus: devicesOf(plan.plan), stepSeconds: plan.estimate.stepSeconds, plan, budget }];
  });
  const knee = kneeOf(sizes);
  if (knee === null) return [];
  const { at, next, near } = knee;
  const named = ({ budget, gpus, plan }: (typeof sizes)[number]) => {
    const groups = usedWords(variants?.[budget]?.problem ?? problem, plan);
    return groups.length > 1 ? `${gpus} GPUs (${groups.join(' + ')})` : `${gpus} GPUs`;
  };
  const last = sizes.at(-1)!;
  return [
    next !== null
      ? `Scaling stops paying at ${named(at)}: ${next.gpus} are ${digits(at.stepSeconds / next.stepSeconds)}× as fast.`
      : at.budget < last.budget && at.stepSeconds <= last.stepSeconds
        ? `Scaling pays up to ${named(at)}; more bring nothing.`
        : 'Scaling pays up to the largest size asked for.',
    ...(near === null ? [] : [`${named(near)} are within ${formatPercent(1 - NEARLY)} of the fastest.`]),
  ];
}
