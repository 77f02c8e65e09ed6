import type { Cluster } from '../domain/cluster.ts';
import type { Pipeline, ReplicaBlock } from '../domain/plan.ts';
import { isSlower } from './network-share.ts';
import { pairSpan, type Span } from './span.ts';
import { transportOf } from './transport.ts';

/**
 * The pair of GPUs that pass an activation from one stage to another, all GPUs of a stage at once. Copies of a stage each
 * have their own pair; where links were measured the slowest pair sets the pace. `overSockets`: the pipeline has stages that
 * RDMA does not join, so that its one communicator takes sockets everywhere.
 */
export function stageBoundary(
  cluster: Cluster,
  from: ReplicaBlock,
  to: ReplicaBlock,
  contextParallel: number,
  overSockets: boolean,
): Span {
  const senders = Math.max(from.count * from.tp, to.count * to.tp) * contextParallel;
  const pair = (a: number, b: number) => pairSpan(cluster, a, b, { senders, overSockets });
  let slowest = pair(from.firstDevice, to.firstDevice);
  if (cluster.measured === undefined) return slowest;
  for (let copy = 1; copy < Math.min(from.count, to.count); copy++) {
    const a = from.firstDevice + copy * from.tp * contextParallel;
    const b = to.firstDevice + copy * to.tp * contextParallel;
    const span = pair(a, b);
    if (span.domains > 1 && (slowest.domains === 1 || isSlower(span.share, slowest.share))) slowest = span;
  }
  return slowest;
}

/** Whether some stages of a pipeline are joined by sockets only. */
export function pipelineOverSockets(cluster: Cluster, { stages }: Pipeline): boolean {
  const groups = new Set(stages.flatMap(({ replicas }) => replicas.map(({ group }) => group)));
  return groups.size > 1 && transportOf(cluster, [...groups]) === 'socket';
}
