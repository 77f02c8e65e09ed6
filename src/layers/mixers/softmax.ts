import { closed, flag, size, sizeOrNone } from '../../document/shapes.ts';
import { asRun } from '../eager.ts';
import { layerModule } from '../layer-module.ts';
import { columnParallel } from '../linear.ts';
import { type Kernel, kept, type LayerContext, type Operator, operator, stream } from '../operator.ts';
import { subNorm, subNormLaw } from '../sub-norm.ts';
import { bias, matrix } from '../weight.ts';
import { contextExchange, exchangedShape, gatheredBytes } from './context-exchange.ts';
import { outputGate } from './output-gate.ts';
import { attentionOutput } from './output-projection.ts';
import { meanChunk, meanReach } from './reach.ts';
import { wholeNorms } from './whole-norms.ts';

/** Grouped-query attention, its window and sinks included. */
export interface SoftmaxAttention {
  readonly kind: 'softmax';
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly qkvBias: boolean;
  readonly outBias: boolean;
  /** Parameters of the norms on q and k together, 0 without. */
  readonly qkNormParameters: number;
  /** One learned sink logit per head (gpt-oss). */
  readonly sinks: boolean;
  /** Tokens a query may look back on, or null for full causal attention. */
  readonly slidingWindow: number | null;
  /** Sequences are attended to in chunks of so many tokens (llama4). */
  readonly chunk?: number;
  /** false: queries and keys are not rotated in this layer (every fourth of smollm3 and llama4). */
  readonly rope?: boolean;
  /** A norm over all heads of the output, before it is projected (bitnet). */
  readonly subNorm?: boolean;
  /** A sigmoid gate on each element of the output, projected beside the queries (qwen3_next). */
  readonly gate?: boolean;
}

const PART = 'attention';

export const softmax = layerModule<SoftmaxAttention>({
  kind: 'softmax',
  schema: closed(
    { kind: { const: 'softmax' }, heads: size },
    {
      kvHeads: size,
      headDim: size,
      qkvBias: flag,
      outBias: flag,
      qkNormParameters: sizeOrNone,
      sinks: flag,
      slidingWindow: { type: ['integer', 'null'], minimum: 1 },
      chunk: size,
      rope: flag,
      subNorm: flag,
      gate: flag,
    },
  ),
  complete(given, hiddenSize) {
    const { heads } = given;
    if (given.headDim === undefined && hiddenSize % heads !== 0)
      return {
        key: 'heads',
        message: `heads is ${heads}`,
        expected: `a divisor of hiddenSize ${hiddenSize}, or headDim stated`,
      };
    return { ...softmaxAttention(heads, hiddenSize / heads), ...given };
  },
  operators: (a, context) => [
    ...projections(a, context),
    core(a, context),
    ...(a.gate === true ? [outputGate(a.heads * a.headDim, context)] : []),
    ...(a.subNorm === true
      ? [subNorm('attention-sub-norm', PART, a.heads * a.headDim, context, ['core_attn'])]
      : []),
    attentionOutput({ width: a.heads * a.headDim, biased: a.outBias }, context),
  ],
  within({ slidingWindow, chunk, ...others }, sequence) {
    const chunked = chunk !== undefined && chunk < sequence;
    const slides = slidingWindow !== null && slidingWindow < sequence;
    return { ...others, slidingWindow: slides ? slidingWindow : null, ...(chunked ? { chunk } : {}) };
  },
  constraints({ heads, kvHeads, slidingWindow, chunk, subNorm }, { tp, cp }) {
    if (heads % tp !== 0)
      return { rule: 'heads-divisible-by-tp', actual: `${heads} heads`, limit: `a multiple of tp=${tp}` };
    if (kvHeads % tp !== 0 && tp % kvHeads !== 0)
      return {
        rule: 'kv-heads-divisible-by-tp',
        actual: `${kvHeads} key-value heads`,
        limit: `a multiple or a divisor of tp=${tp}`,
      };
    if (slidingWindow !== null && cp > 1)
      return {
        rule: 'context-parallel-sliding-window',
        actual: 'sliding-window attention',
        limit: 'cp=1: ring attention has no window',
      };
    if (chunk !== undefined && cp > 1)
      return {
        rule: 'context-parallel-chunks',
        actual: `attention in chunks of ${chunk}`,
        limit: 'cp=1: ring attention has no chunks',
      };
    return subNorm === true ? subNormLaw(tp) : null;
  },
  describe: ({ heads, kvHeads, headDim, slidingWindow, chunk, rope, gate }) =>
    [
      `${heads} heads, ${kvHeads} key-value, ${headDim} wide`,
      ...(slidingWindow === null ? [] : [`window ${slidingWindow}`]),
      ...(chunk === undefined ? [] : [`chunks of ${chunk}`]),
      ...(rope === false ? ['not rotated'] : []),
      ...(gate === true ? ['gated'] : []),
    ].join(', '),
});

/** Plain attention: as many key-value heads as heads, nothing special. */
export function softmaxAttention(
  heads: number,
  headDim: number,
  over: Partial<SoftmaxAttention> = {},
): SoftmaxAttention {
  return {
    kind: 'softmax',
    heads,
    kvHeads: heads,
    headDim,
    qkvBias: false,
    outBias: false,
    qkNormParameters: 0,
    sinks: false,
    slidingWindow: null,
    ...over,
  };
}

/** Heads and key-value heads of one GPU: below one of the latter for each, they are replicated. */
function localHeads({ heads, kvHeads }: SoftmaxAttention, tp: number): { heads: number; kvHeads: number } {
  return { heads: heads / tp, kvHeads: Math.max(1, kvHeads / tp) };
}

function projections(a: SoftmaxAttention, { model, local, stack }: LayerContext): Operator[] {
  const { heads, kvHeads } = localHeads(a, local.tensorParallel);
  const e = local.elementBytes;
  const q = local.tokens * heads * a.headDim;
  const kv = local.tokens * kvHeads * a.headDim;
  const h = model.hiddenSize;
  // Gates lie beside the queries, and are kept for what they gate.
  const beside = a.gate === true ? 2 : 1;
  // Of products one after the other torch keeps every second one's output, those of q and v (torchtitan@b5bcd76,
  // distributed/activation_checkpoint.py); its compiler brings back what the kernel reads of q too (torchtitan's runs).
  const dropped = stack.compiled ? q + kv : kv;
  const qkv = columnParallel(
    {
      name: 'qkv',
      inputs: h,
      outputs: (beside * heads + 2 * kvHeads) * a.headDim,
      saved: [kept(e * (q + 2 * kv - dropped)), kept(e * dropped, 'op')],
      modules: ['op'],
      partly: { op: { share: dropped / (q + 2 * kv), received: 'again' } },
      backwardBytes: e * (2 * q + 2 * kv),
      weights: [
        matrix({ part: PART, rows: h, columns: beside * a.heads * a.headDim, targets: ['q'] }),
        matrix({
          part: PART,
          rows: h,
          columns: 2 * a.kvHeads * a.headDim,
          least: 2 * a.headDim,
          targets: ['k', 'v'],
        }),
        ...bias(a.qkvBias, PART, (beside * a.heads + 2 * a.kvHeads) * a.headDim, { split: 'tensor' }),
        ...bias(a.qkNormParameters > 0, PART, a.qkNormParameters),
      ],
    },
    local,
  );
  const rotary = model.learnedPositions === 0 && model.alibi !== true && a.rope !== false;
  const [forward, backward] = asRun('rotation', [2 * e, 2 * e], stack);
  const positions = operator({
    name: 'rotary',
    modules: ['op'],
    kernels: rotary ? [stream('element-wise', forward * (q + kv), backward * (q + kv), 2)] : [],
    hostUnits: rotary ? 2 : 0,
  });
  return [qkv, ...(a.qkNormParameters > 2 * a.headDim ? [wholeNorms(q + kv, local)] : []), positions];
}

function core(a: SoftmaxAttention, context: LayerContext): Operator {
  const { local, stack, c } = context;
  const { heads, kvHeads } = localHeads(a, local.tensorParallel);
  const exchanged = { heads, kvHeads, keyValues: 2 * kvHeads * a.headDim, queries: heads * a.headDim };
  const attended = meanChunk(local.sequence, a.chunk ?? local.sequence);
  const reach = meanReach(attended, a.slidingWindow);
  const base = {
    name: 'core-attention',
    modules: ['core_attn'] as const,
    communication: contextExchange(exchanged, context),
    backwardBytes: gatheredBytes(exchanged, context),
    weights: bias(a.sinks, PART, a.heads, { split: 'tensor' }),
    scoreFlops: 4 * reach * a.heads * a.headDim,
  };
  if (stack.attentionKernel !== 'unfused') {
    const shape = {
      // Chunks are sequences of their own.
      batch: (local.microBatch * local.sequence) / attended,
      ...exchangedShape(exchanged, context),
      sequence: attended,
      qkHeadDim: a.headDim,
      vHeadDim: a.headDim,
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
          ? [kept(local.elementBytes * local.tokens * heads * a.headDim, 'core_attn', 'op')]
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
      { kind: 'batched-gemm', flops: 4 * scores * a.headDim, aligned: a.headDim % 8 === 0 },
      stream('softmax', 4.5 * e * scores, 5.5 * e * scores, 3),
    ],
    saved: [kept(savedPerScore * scores, 'core_attn')],
    hostUnits: 6 + eager,
  });
}
