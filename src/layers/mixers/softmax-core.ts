import { type Kernel, kept, type LayerContext, type Operator, operator, stream } from '../operator.ts';
import { bias } from '../weight.ts';
import { contextExchange, exchangedShape, gatheredBytes } from './context-exchange.ts';
import { meanChunk, meanReach } from './reach.ts';
import { localHeads, type SoftmaxAttention, valueWidth } from './softmax-sizes.ts';

/** Scores, softmax and values, in a fused kernel or, on old stacks, through memory. */
export function softmaxCore(a: SoftmaxAttention, context: LayerContext): Operator {
  const { local, stack, c } = context;
  const { heads, kvHeads } = localHeads(a, local.tensorParallel);
  const exchanged = {
    heads,
    kvHeads,
    keyValues: kvHeads * (a.headDim + valueWidth(a)),
    queries: heads * a.headDim,
  };
  const attended = meanChunk(local.sequence, a.chunk ?? local.sequence);
  const reach = meanReach(attended, a.slidingWindow);
  const base = {
    name: 'core-attention',
    modules: ['core_attn'] as const,
    communication: contextExchange(exchanged, context),
    backwardBytes: gatheredBytes(exchanged, context),
    weights: bias(a.sinks, 'attention', a.heads, { split: 'tensor' }),
    scoreFlops: 2 * reach * a.heads * (a.headDim + valueWidth(a)),
  };
  if (stack.attentionKernel !== 'unfused') {
    const shape = {
      // Chunks are sequences of their own.
      batch: (local.microBatch * local.sequence) / attended,
      ...exchangedShape(exchanged, a.slidingWindow, context),
      sequence: attended,
      qkHeadDim: a.headDim,
      vHeadDim: valueWidth(a),
      window: a.slidingWindow,
      sinks: a.sinks,
    };
    const kernels: Kernel[] = [{ kind: 'attention', shape }];
    return operator({
      ...base,
      kernels,
      saved: [
        kept(4 * local.tokens * heads, 'core_attn'),
        // Outside its kernel a sink scales what that returns, which is kept beside (torchtitan/models/gpt_oss/model.py@b5bcd76).
        ...(a.sinks && !stack.compiled && !stack.fusedActivation
          ? [kept(local.elementBytes * local.tokens * heads * valueWidth(a), 'core_attn', 'op')]
          : []),
      ],
      hostUnits: 2,
    });
  }
  const e = local.elementBytes;
  const scores = (local.microBatch * heads * local.sequence ** 2) / local.contextParallel;
  const savedPerScore = stack.dropoutMasks ? 2 * e + 1 : e;
  // Megatron's fused softmax needs (micro-batch · heads per GPU) divisible by 4, else several eager kernels run.
  const eager = (local.microBatch * heads) % 4 === 0 ? 0 : c.hostUnitsSoftmaxFallback;
  return operator({
    ...base,
    kernels: [
      { kind: 'batched-gemm', flops: 2 * scores * (a.headDim + valueWidth(a)), aligned: a.headDim % 8 === 0 },
      stream('softmax', 4.5 * e * scores, 5.5 * e * scores, 3),
    ],
    saved: [kept(savedPerScore * scores, 'core_attn')],
    hostUnits: 6 + eager,
  });
}
