import type { Cluster } from '../domain/cluster.ts';
import type { ReplicaBlock } from '../domain/plan.ts';
import { isSlower } from './network-share.ts';
import { pairSpan, type Span } from './span.ts';

/**
 * The pair of GPUs that pass an activation from one stage to another. Copies of a stage each have their own pair; where
 * links were measured the slowest pair sets the pace.
 */
export function stageBoundary(
  cluster: Cluster,
  from: ReplicaBlock,
  to: ReplicaBlock,
  contextParallel: number,
): Span {
  let slowest = pairSpan(cluster, from.firstDevice, to.firstDevice);
  if (cluster.measured === undefined) return slowest;
  for (let copy = 1; copy < Math.min(from.count, to.count); copy++) {
    const a = from.firstDevice + copy * from.tp * contextParallel;
    const b = to.firstDevice + copy * to.tp * contextParallel;
    const span = pairSpan(cluster, a, b);
    if (span.domains > 1 && (slowest.domains === 1 || isSlower(span.share, slowest.share))) slowest = span;
  }
  return slowest;
}
