import type { Cluster } from '../domain/cluster.ts';
import type { Pipeline, ReplicaBlock } from '../domain/plan.ts';
import { isSlower } from './network-share.ts';
import { pairSpan, type Span } from './span.ts';
import { transportOf } from './transport.ts';

/** The way of one GPU's activation from a stage to the next: while only its own copy of the stage sends, and while all copies do. */
export interface Boundary {
  readonly alone: Span;
  readonly together: Span;
}

/**
 * The pair of GPUs that pass an activation from one stage to another. Copies of a stage each have their own pair; where
 * links were measured the slowest pair sets the pace. `overSockets`: the pipeline has stages that RDMA does not join, so that
 * its one communicator takes sockets everywhere.
 */
export function stageBoundary(
  cluster: Cluster,
  from: ReplicaBlock,
  to: ReplicaBlock,
  contextParallel: number,
  overSockets: boolean,
): Boundary {
  const copy = Math.max(from.tp, to.tp) * contextParallel;
  const all = Math.max(from.count * from.tp, to.count * to.tp) * contextParallel;
  const pair = (a: number, b: number): Boundary => ({
    alone: pairSpan(cluster, a, b, { senders: copy, overSockets }),
    together: pairSpan(cluster, a, b, { senders: all, overSockets }),
  });
  let slowest = pair(from.firstDevice, to.firstDevice);
  if (cluster.measured === undefined) return slowest;
  for (let index = 1; index < Math.min(from.count, to.count); index++) {
    const a = from.firstDevice + index * from.tp * contextParallel;
    const b = to.firstDevice + index * to.tp * contextParallel;
    const one = pair(a, b);
    const [span, worst] = [one.together, slowest.together];
    if (span.domains > 1 && (worst.domains === 1 || isSlower(span.share, worst.share))) slowest = one;
  }
  return slowest;
}

/** Whether some stages of a pipeline are joined by sockets only. */
export function pipelineOverSockets(cluster: Cluster, { stages }: Pipeline): boolean {
  const groups = new Set(stages.flatMap(({ replicas }) => replicas.map(({ group }) => group)));
  return groups.size > 1 && transportOf(cluster, [...groups]) === 'socket';
}
