import { groupsOf, type Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { hasPart } from './reading.ts';

/** Node groups without measured layers where others have some, by index: of the two nobody could say which is faster. */
export function unmeasuredGroups(problem: Problem): number[] {
  const { groups } = problem.cluster;
  const without = groups.filter(({ gpu }) => !hasPart(problem, gpu.id, 'layer'));
  return without.length < groups.length ? without.map(({ index }) => index) : [];
}

/** Whether a plan uses such a group. */
export function restsOnUnmeasured(problem: Problem, plan: Plan): boolean {
  const groups = unmeasuredGroups(problem);
  return groups.length > 0 && groupsOf(plan).some((group) => groups.includes(group));
}

/** A ranking whose first place rests on measured layers, as far as any does: the first of those goes before the others. */
export function measuredFirst<T extends { readonly plan: Plan }>(
  problem: Problem,
  ranked: readonly T[],
): T[] {
  const first = ranked.findIndex(({ plan }) => !restsOnUnmeasured(problem, plan));
  return first <= 0 ? [...ranked] : [ranked[first]!, ...ranked.slice(0, first), ...ranked.slice(first + 1)];
}

/** Whether a profile has layers of every GPU that a plan uses. */
export function layersMeasured(problem: Problem, plan: Plan): boolean {
  const { groups } = problem.cluster;
  return groupsOf(plan).every((group) => hasPart(problem, groups[group]!.gpu.id, 'layer'));
}
