import type { Cluster } from '../domain/cluster.ts';
import { type Span, spanOf } from '../hardware/span.ts';

/** The communication groups that a GPU of a stage belongs to. */
export interface Spans {
  readonly tensor: Span;
  readonly context: Span;
  readonly data: Span;
  /** Data × context parallel: what dense gradients and optimizer shards go over. */
  readonly gradient: Span;
  readonly expert: Span;
  readonly expertTensor: Span;
  /** Copies of one expert: gradients of experts. */
  readonly expertData: Span;
}

export interface GroupSizes {
  readonly tensorParallel: number;
  readonly contextParallel: number;
  readonly dataParallel: number;
  readonly expertParallel: number;
  readonly expertTensorParallel: number;
}

/**
 * Rank order tp-cp-dp with pipeline outermost (Megatron's tp-cp-ep-dp-pp, torchtitan's mesh); the expert grid tiles
 * the same devices as etp-ep-edp.
 */
export function spansOf(cluster: Cluster, firstDevice: number, sizes: GroupSizes): Spans {
  const {
    tensorParallel: t,
    contextParallel: c,
    dataParallel: d,
    expertParallel: ep,
    expertTensorParallel: etp,
  } = sizes;
  const expertCopies = Math.max(1, Math.floor((t * c * d) / (ep * etp)));
  return {
    tensor: spanOf(cluster, firstDevice, 1, t),
    context: spanOf(cluster, firstDevice, t, c),
    data: spanOf(cluster, firstDevice, t * c, d),
    gradient: spanOf(cluster, firstDevice, t, c * d),
    expert: spanOf(cluster, firstDevice, etp, ep),
    expertTensor: spanOf(cluster, firstDevice, 1, etp),
    expertData: spanOf(cluster, firstDevice, etp * ep, expertCopies),
  };
}
