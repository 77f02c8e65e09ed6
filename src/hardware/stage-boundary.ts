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
 * The pair of GPUs that pass an activation from one stage to another, of which the copies in their order are given. Copies of a stage
 * each have their own pair; where links were measured the slowest pair sets the pace. `overSockets`: the pipeline has stages that RDMA does not join, so that
 * its one communicator takes sockets everywhere.
 */
export function stageBoundary(
  cluster: Cluster,
  from: readonly ReplicaBlock[],
  to: readonly ReplicaBlock[],
  contextParallel: number,
  overSockets: boolean,
): Boundary {
  const [first, peer] = [from[0]!, to[0]!];
  const copy = Math.max(first.tp, peer.tp) * contextParallel;
  const all = Math.max(besideFirst(from), besideFirst(to)) * contextParallel;
  const pair = (a: number, b: number): Boundary => ({
    alone: pairSpan(cluster, a, b, { senders: copy, overSockets }),
    together: pairSpan(cluster, a, b, { senders: all, overSockets }),
  });
  let slowest = pair(first.firstDevice, peer.firstDevice);
  if (cluster.measured === undefined) return slowest;
  const [senders, receivers] = [firstDevices(from, contextParallel), firstDevices(to, contextParallel)];
  for (const [index, a] of senders.entries()) {
    const b = receivers[index];
    if (index === 0 || b === undefined) continue;
    const one = pair(a, b);
    const [span, worst] = [one.together, slowest.together];
    if (span.domains > 1 && (worst.domains === 1 || isSlower(span.share, worst.share))) slowest = one;
  }
  return slowest;
}

/** GPUs, context parallelism apart, of all copies on the node group of the first: however micro-batches are dealt to them, they share its cards. */
function besideFirst(blocks: readonly ReplicaBlock[]): number {
  const { group } = blocks[0]!;
  return blocks.reduce((sum, one) => sum + (one.group === group ? one.count * one.tp : 0), 0);
}

/** The first device of each copy. */
function firstDevices(blocks: readonly ReplicaBlock[], contextParallel: number): number[] {
  return blocks.flatMap(({ count, firstDevice, tp }) =>
    Array.from({ length: count }, (_, index) => firstDevice + index * tp * contextParallel),
  );
}

/** Whether some stages of a pipeline are joined by sockets only. */
export function pipelineOverSockets(cluster: Cluster, { stages }: Pipeline): boolean {
  const groups = new Set(stages.flatMap(({ replicas }) => replicas.map(({ group }) => group)));
  return groups.size > 1 && transportOf(cluster, [...groups]) === 'socket';
}
