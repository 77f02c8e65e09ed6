import type { SoftmaxAttention } from '../domain/model.ts';
import type { Stack } from '../domain/stack.ts';
import { columnParallel, rowParallel } from './linear.ts';
import { type Communication, type Kernel, kept, type LocalShape, type Operator, stream } from './operator.ts';

/** Grouped-query attention between its input norm and the residual addition. */
export function softmaxAttention(
  a: SoftmaxAttention,
  hidden: number,
  rotary: boolean,
  local: LocalShape,
  stack: Stack,
): Operator[] {
  const t = local.tensorParallel;
  const heads = a.heads / t;
  const kvHeads = Math.max(1, a.kvHeads / t);
  const e = local.elementBytes;
  const qElements = local.tokens * heads * a.headDim;
  const kvElements = local.tokens * kvHeads * a.headDim;
  const projections: Operator = columnParallel(
    {
      name: 'qkv',
      inputs: hidden,
      outputs: (heads + 2 * kvHeads) * a.headDim,
      saved: [kept(e * kvElements), kept(e * (qElements + kvElements), 'op')],
      modules: ['op'],
      backwardBytes: e * (2 * qElements + 2 * kvElements),
    },
    local,
  );
  const positions: Operator = {
    name: 'rotary',
    modules: ['op'],
    kernels: rotary
      ? [stream('element-wise', 2 * e * (qElements + kvElements), 2 * e * (qElements + kvElements), 2)]
      : [],
    communication: [],
    saved: [],
    backwardBytes: 0,
    hostUnits: rotary ? 2 : 0,
  };
  const out = rowParallel(
    {
      name: 'out-projection',
      inputs: heads * a.headDim,
      outputs: hidden,
      saved: [kept((e + (local.linearInputBytes < e ? local.linearInputBytes : 0)) * qElements)],
      modules: [],
    },
    local,
  );
  return [projections, positions, core(a, heads, kvHeads, local, stack), out];
}

function core(
  a: SoftmaxAttention,
  heads: number,
  kvHeads: number,
  local: LocalShape,
  stack: Stack,
): Operator {
  const base = {
    name: 'core-attention',
    modules: ['core_attn'] as const,
    communication: contextExchange(2 * kvHeads * a.headDim, heads * a.headDim, local, stack.contextExchange),
    backwardBytes: 0,
  };
  if (stack.attentionKernel !== 'unfused') {
    const shape = {
      batch: local.microBatch,
      heads,
      kvHeads,
      sequence: local.sequence,
      contextParallel: local.contextParallel,
      qkHeadDim: a.headDim,
      vHeadDim: a.headDim,
      window: a.slidingWindow,
      sinks: a.sinks,
    };
    const kernels: Kernel[] = [{ kind: 'attention', shape }];
    return { ...base, kernels, saved: [kept(4 * local.tokens * heads, 'core_attn')], hostUnits: 2 };
  }
  const scores = (local.microBatch * heads * local.sequence ** 2) / local.contextParallel;
  const savedPerScore = stack.dropoutMasks ? 2 * local.elementBytes + 1 : local.elementBytes;
  return {
    ...base,
    kernels: [
      { kind: 'batched-gemm', flops: 4 * scores * a.headDim, aligned: a.headDim % 8 === 0 },
      stream('softmax', 9 * scores, 11 * scores, 3),
    ],
    saved: [kept(savedPerScore * scores, 'core_attn')],
    hostUnits: 6,
  };
}

/**
 * Context parallelism. Ring attention: keys and values travel cp − 1 steps forward; with their gradients, twice that
 * backward (arXiv 2310.01889). All-gather: keys and values of all ranks at once, their gradients reduce-scattered
 * (Llama 3, arXiv 2407.21783, section 3.3.2). All-to-all: queries, keys, values and the output change from sequence to head
 * shards and back (Ulysses, arXiv 2309.14509).
 */
export function contextExchange(
  elementsPerToken: number,
  queryElementsPerToken: number,
  local: LocalShape,
  exchange: Stack['contextExchange'],
): Communication[] {
  if (local.contextParallel === 1) return [];
  const bytes = local.elementBytes * local.tokens * elementsPerToken;
  if (exchange === 'all-gather') {
    const whole = bytes * local.contextParallel;
    return [
      { group: 'context', collective: 'allGather', bytes: whole, pass: 'forward' },
      { group: 'context', collective: 'allGather', bytes: whole, pass: 'backward' },
      { group: 'context', collective: 'reduceScatter', bytes: whole, pass: 'backward' },
    ];
  }
  if (exchange === 'all-to-all') {
    const both = bytes + 2 * local.elementBytes * local.tokens * queryElementsPerToken;
    return [
      { group: 'context', collective: 'allToAll', bytes: both, pass: 'forward' },
      { group: 'context', collective: 'allToAll', bytes: both, pass: 'backward' },
    ];
  }
  return [
    { group: 'context', collective: 'ring-exchange', bytes, pass: 'forward' },
    { group: 'context', collective: 'ring-exchange', bytes: 2 * bytes, pass: 'backward' },
  ];
}
