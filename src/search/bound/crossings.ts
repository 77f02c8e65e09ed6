import type { Problem } from '../../domain/problem.ts';
import type { StageSeconds } from '../../evaluate/stage-costs.ts';
import { coefficients } from '../../hardware/coefficients.ts';
import { pointToPointSeconds } from '../../hardware/collective.ts';
import { pairSpan, type Span } from '../../hardware/span.ts';
import { transportOf } from '../../hardware/transport.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import { devicesOfStage, type Layout } from '../space/frame.ts';

/**
 * Seconds that the transfer from the last stage of each run to the first of the next keeps one of the two stages busy, for
 * one micro-batch and one way: links between unlike groups are rarely those inside a group.
 */
export function crossings(
  problem: Problem,
  { runs, cp, dp }: Layout,
  costs: readonly StageSeconds[],
  vpp: number,
): number[] {
  if (runs.length === 1) return NONE;
  const c = coefficients(problem.coefficients);
  const known = rememberedOf(ways, runs, () => new Map<string, readonly Span[]>());
  const spans = remembered(known, `${cp}x${dp}`, () => spansBetween(problem, { runs, cp, dp }));
  return spans.map((span, i) => {
    const { exposedShare } = costs[i]!;
    // Where micro-batches or ranks differ one side's transfer is several of the other's.
    const boundaryBytes = Math.max(costs[i]!.boundaryBytes, costs[i + 1]!.boundaryBytes);
    const seconds = pointToPointSeconds(span, boundaryBytes, c) - span.extraLatency;
    return seconds * exposedShare * vpp;
  });
}

const NONE: number[] = [];

/** All choices of a layout cross the same ways. */
const ways = new WeakMap<Layout['runs'], Map<string, readonly Span[]>>();

function spansBetween(problem: Problem, { runs, cp, dp }: Pick<Layout, 'runs' | 'cp' | 'dp'>): Span[] {
  const { cluster } = problem;
  const overSockets = layoutOverSockets(problem, runs);
  return runs.slice(1).map(({ group, tp }, i) => {
    const from = runs[i]!;
    const last =
      cluster.groups[from.group]!.firstDevice + (from.stages - 1) * devicesOfStage({ cp, dp }, from);
    const next = cluster.groups[group]!.firstDevice;
    const senders = Math.max(from.tp, tp) * cp;
    return pairSpan(cluster, last, next, { senders, overSockets });
  });
}

/** Whether some stages of a pipeline are joined by sockets only, so that all of it takes them. */
export function layoutOverSockets({ cluster }: Problem, runs: Layout['runs']): boolean {
  const groups = new Set(runs.map(({ group }) => group));
  return groups.size > 1 && transportOf(cluster, [...groups]) === 'socket';
}
