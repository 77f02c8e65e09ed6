import type { ModelSpec } from '../../domain/model.ts';
import { dense } from '../../layers/ffn/dense.ts';
import { softmax } from '../../layers/mixers/softmax.ts';
import { allSwiglu, unusualOf } from './unusual.ts';

/** Sizes of a Llama: what runtimes that know only a few models tell them by. */
export interface LlamaSizes {
  readonly hiddenSize: number;
  readonly ffnHiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
}

/** A plain Llama (RMS norm, gated MLP, rotary positions, no biases, head of its own) of these sizes. */
export function isLlama(model: ModelSpec, sizes: LlamaSizes): boolean {
  if (unusualOf(model) !== null || !allSwiglu(model)) return false;
  const [kind, ...others] = model.kinds;
  if (kind === undefined || others.length > 0 || model.mtpLayers > 0 || model.learnedPositions > 0)
    return false;
  const { mixer: a, ffn: mlp } = kind;
  return (
    softmax.is(a) &&
    dense.is(mlp) &&
    mlp.gated &&
    !mlp.bias &&
    model.norm.kind === 'rms' &&
    model.norm.perLayer === 2 &&
    !model.tiedEmbeddings &&
    !(a.qkvBias || a.outBias || a.sinks) &&
    a.qkNormParameters === 0 &&
    a.slidingWindow === null &&
    a.headDim * a.heads === model.hiddenSize &&
    model.hiddenSize === sizes.hiddenSize &&
    mlp.ffnHiddenSize === sizes.ffnHiddenSize &&
    model.layers.length === sizes.layers &&
    a.heads === sizes.heads &&
    a.kvHeads === sizes.kvHeads
  );
}
