import { closed, flag, size, sizeOrNone } from '../../document/shapes.ts';
import { asRun } from '../eager.ts';
import { layerModule } from '../layer-module.ts';
import { columnParallel } from '../linear.ts';
import { kept, type LayerContext, type Operator, operator, stream } from '../operator.ts';
import { subNorm, subNormLaw } from '../sub-norm.ts';
import { bias, matrix } from '../weight.ts';
import { outputGate } from './output-gate.ts';
import { attentionOutput } from './output-projection.ts';
import { softmaxCore } from './softmax-core.ts';
import { localHeads, type SoftmaxAttention, valueWidth } from './softmax-sizes.ts';
import { wholeNorms } from './whole-norms.ts';

export type { SoftmaxAttention };

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
      headGate: flag,
      valueHeadDim: size,
      valuesOfKeys: flag,
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
    softmaxCore(a, context),
    ...(a.gate === true || a.headGate === true ? [outputGate(a.heads * valueWidth(a), context)] : []),
    ...(a.subNorm === true
      ? [subNorm('attention-sub-norm', PART, a.heads * valueWidth(a), context, ['core_attn'])]
      : []),
    attentionOutput({ width: a.heads * valueWidth(a), biased: a.outBias }, context),
  ],
  within({ slidingWindow, chunk, ...others }, sequence) {
    const chunked = chunk !== undefined && chunk < sequence;
    const slides = slidingWindow !== null && slidingWindow < sequence;
    return { ...others, slidingWindow: slides ? slidingWindow : null, ...(chunked ? { chunk } : {}) };
  },
  slides: ({ slidingWindow }) => slidingWindow !== null,
  constraints({ heads, kvHeads, chunk, subNorm }, { tp, cp }) {
    if (heads % tp !== 0)
      return { rule: 'heads-divisible-by-tp', actual: `${heads} heads`, limit: `a multiple of tp=${tp}` };
    if (kvHeads % tp !== 0 && tp % kvHeads !== 0)
      return {
        rule: 'kv-heads-divisible-by-tp',
        actual: `${kvHeads} key-value heads`,
        limit: `a multiple or a divisor of tp=${tp}`,
      };
    // NeMo's and Megatron-Bridge's Llama 4 attention parts what each rank has, and not at all where that is one chunk (llama4_utils.py@8cfedd7 and
    // @067f987): neither is the model's. torchtitan and Megatron-LM know no chunks; a ring, or a swap of heads, has no mask for them.
    if (chunk !== undefined && cp > 1)
      return {
        rule: 'context-parallel-chunks',
        actual: `attention in chunks of ${chunk}`,
        limit: 'cp=1: no runtime splits a sequence in chunks, NeMo parts what each rank has of it',
      };
    return subNorm === true ? subNormLaw(tp) : null;
  },
  describe: ({ heads, kvHeads, headDim, slidingWindow, chunk, rope, gate, headGate, ...others }) =>
    [
      `${heads} heads, ${kvHeads} key-value, ${headDim} wide`,
      ...(others.valueHeadDim === undefined ? [] : [`values ${others.valueHeadDim}`]),
      ...(others.valuesOfKeys === true ? ['values of keys'] : []),
      ...(slidingWindow === null ? [] : [`window ${slidingWindow}`]),
      ...(chunk === undefined ? [] : [`chunks of ${chunk}`]),
      ...(rope === false ? ['not rotated'] : []),
      ...(gate === true ? ['gated'] : []),
      ...(headGate === true ? ['heads gated'] : []),
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

function projections(a: SoftmaxAttention, { model, local, stack }: LayerContext): Operator[] {
  const { heads, kvHeads } = localHeads(a, local.tensorParallel);
  const e = local.elementBytes;
  const q = local.tokens * heads * a.headDim;
  const k = local.tokens * kvHeads * a.headDim;
  const v = local.tokens * kvHeads * valueWidth(a);
  const h = model.hiddenSize;
  const keyValue = a.headDim + (a.valuesOfKeys === true ? 0 : valueWidth(a));
  // Gates lie beside the queries, and are kept for what they gate.
  const beside = a.gate === true ? 1 : 0;
  const gates = beside * valueWidth(a) + (a.headGate === true ? 1 : 0);
  // Of products one after the other torch keeps every second one's output, those of q and v (torchtitan@b5bcd76,
  // distributed/activation_checkpoint.py); its compiler brings back what the kernel reads of q too (torchtitan's runs).
  const dropped = stack.compiled ? q + v : v;
  const qkv = columnParallel(
    {
      name: 'qkv',
      inputs: h,
      outputs: heads * (a.headDim + gates) + kvHeads * keyValue,
      saved: [kept(e * (q + k + v - dropped)), kept(e * dropped, 'op')],
      modules: ['op'],
      partly: { op: { share: dropped / (q + k + v), received: 'again' } },
      backwardBytes: e * (2 * q + k + v),
      weights: [
        matrix({
          part: PART,
          rows: h,
          columns: a.heads * (a.headDim + beside * valueWidth(a)),
          targets: ['q'],
        }),
        matrix({
          part: PART,
          rows: h,
          columns: a.kvHeads * keyValue,
          least: keyValue,
          targets: a.valuesOfKeys === true ? ['k'] : ['k', 'v'],
        }),
        ...(a.headGate === true ? [matrix({ part: PART, rows: h, columns: a.heads })] : []),
        ...bias(a.qkvBias, PART, a.heads * (a.headDim + beside * valueWidth(a)) + a.kvHeads * keyValue, {
          split: 'tensor',
        }),
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
    kernels: rotary ? [stream('element-wise', forward * (q + k), backward * (q + k), 2)] : [],
    hostUnits: rotary ? 2 : 0,
  });
  return [qkv, ...(a.qkNormParameters > 2 * a.headDim ? [wholeNorms(q + k, local)] : []), positions];
}
