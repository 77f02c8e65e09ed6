import { collectiveSeconds } from '../hardware/collective.ts';
import { networkPerGpu, type Span } from '../hardware/span.ts';
import { streamSeconds } from '../hardware/stream.ts';
import type { LocalParameters } from '../memory/operator-memory.ts';
import { expose } from '../techniques/exposure.ts';
import type { CostContext } from './context.ts';
import { shardSpan } from './fully-sharded.ts';

/** Once per step and stage, after the last backward and before the next forward. Seconds on one GPU. */
export interface StepEnd {
  /** Gradient reduction that the last backward does not hide. */
  readonly gradientReduce: number;
  /** Parameter gathering that the next first forward does not hide. */
  readonly parameterGather: number;
  readonly optimizer: number;
}

/**
 * Gradients cross the data-parallel group once per step: all-reduce without sharding, reduce-scatter and later an
 * all-gather of the parameters with it. Experts reduce over their own, smaller group. The optimizer works on the shard.
 */
export function stepEnd(
  context: CostContext,
  parameters: LocalParameters,
  spans: { readonly gradient: Span; readonly expertData: Span },
  pass: { readonly forwardSeconds: number; readonly backwardSeconds: number },
  pipelined: boolean,
): StepEnd {
  const { settings, problem, group, c } = context;
  const { stack } = problem;
  const sharding = settings.optimizerSharding;
  const perMicroBatch = sharding >= 3 && !pipelined;
  const gradientBytes = Math.min(stack.state.gradients, 4);
  const share = stack.overlap.dataParallel;
  let reduce = 0;
  let gather = 0;
  const parts = [
    { count: parameters.dense, span: spans.gradient },
    { count: parameters.expert, span: spans.expertData },
  ];
  if (!perMicroBatch) {
    for (const { count, span } of parts) {
      reduce += collectiveSeconds(
        span,
        sharding === 0 ? 'allReduce' : 'reduceScatter',
        gradientBytes * count,
        c,
      );
      if (sharding > 0) gather += collectiveSeconds(span, 'allGather', 2 * count, c);
    }
  } else if (shardSpan(context).size < spans.gradient.size) {
    // Hybrid sharding: the shard's gradients are still all-reduced over the copies of the shard group.
    const copies = spans.gradient.size / shardSpan(context).size;
    const bytes = (gradientBytes * parameters.dense) / shardSpan(context).size;
    reduce += ((2 * (copies - 1)) / copies) * (bytes / (networkPerGpu(group) * c.networkEfficiency));
  }
  const denseShards = sharding > 0 ? spans.gradient.size : 1;
  const expertShards = sharding > 0 ? spans.expertData.size : 1;
  const owned = parameters.dense / denseShards + parameters.expert / expertShards;
  return {
    gradientReduce: expose(reduce, share, pass.backwardSeconds).exposed,
    parameterGather: expose(gather, share, pass.forwardSeconds).exposed,
    optimizer: streamSeconds(group.gpu, owned * c.optimizerBytes, 1, { ...c, streamBytes: 1 }),
  };
}
