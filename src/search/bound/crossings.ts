import type { Problem } from '../../domain/problem.ts';
import type { StageSeconds } from '../../evaluate/stage-costs.ts';
import { coefficients } from '../../hardware/coefficients.ts';
import { pointToPointSeconds } from '../../hardware/collective.ts';
import { pairSpan } from '../../hardware/span.ts';
import type { Layout } from '../space/frame.ts';

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
  const { cluster } = problem;
  const c = coefficients(problem.coefficients);
  return runs.slice(1).map(({ group }, i) => {
    const from = runs[i]!;
    const last = cluster.groups[from.group]!.firstDevice + (from.stages - 1) * from.tp * cp * dp;
    const next = cluster.groups[group]!.firstDevice;
    const span = pairSpan(cluster, last, next);
    const { boundaryBytes, exposedShare } = costs[i]!;
    const seconds = pointToPointSeconds(span, boundaryBytes, c) - span.extraLatency;
    return seconds * exposedShare * vpp;
  });
}
