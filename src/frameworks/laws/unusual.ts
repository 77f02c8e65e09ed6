import type { ModelSpec } from '../../domain/model.ts';
import { type Activation, dense } from '../../layers/ffn/dense.ts';
import { moe } from '../../layers/ffn/moe.ts';
import { softmax } from '../../layers/mixers/softmax.ts';

/** What a model has that runtimes of plain layers, told of sizes, are not told of; null: nothing. `rotates`: which layers rotate is told. */
export function unusualOf(model: ModelSpec, rotates = false): string | null {
  const { norm, beyondSizes = [] } = model;
  if (model.parallelResidual === true) return `${model.family} with parallel residual`;
  if (norm.after === true) return `${model.family} with norms after attention and MLP`;
  if (model.headBias === true) return 'a bias on the vocabulary projection';
  if (model.logitSoftCap === true) return 'a soft cap on logits';
  if (model.embeddingNorm === true) return 'a norm on the embedding';
  if (model.alibi === true) return 'ALiBi in place of positions';
  if (norm.scale === false) return 'norms without a weight';
  if (norm.kind === 'layer' && norm.bias === false) return 'layer norms without a bias';
  for (const { mixer, ffn } of model.kinds) {
    if (!rotates && softmax.is(mixer) && mixer.rope === false) return 'layers without rotary positions';
    if (softmax.is(mixer) && mixer.gate === true) return 'a gate on the output of attention';
    if (softmax.is(mixer) && mixer.headGate === true) return 'a gate on each head of attention';
    if (softmax.is(mixer) && mixer.valueHeadDim !== undefined)
      return `values ${mixer.valueHeadDim} wide beside keys ${mixer.headDim} wide`;
    if (softmax.is(mixer) && mixer.valuesOfKeys === true) return 'values that are the keys';
    if (moe.is(ffn) && ffn.idleExperts !== undefined) return 'experts that do nothing';
    if (moe.is(ffn) && ffn.branchNorms === true) return 'norms of experts and of the shared one';
    if (moe.is(ffn) && ffn.latentSize !== undefined) return `experts on latents of ${ffn.latentSize}`;
    if (softmax.is(mixer) && mixer.chunk !== undefined) return `attention in chunks of ${mixer.chunk}`;
    if ((softmax.is(mixer) && mixer.subNorm === true) || (dense.is(ffn) && ffn.subNorm === true))
      return 'norms inside attention and MLP';
  }
  return beyondSizes[0] ?? null;
}

/** Activations of its MLPs and experts; those that are usual for their matrices by the usual name. */
export function activationsOf({
  kinds,
}: ModelSpec): { readonly gated: boolean; readonly activation: Activation }[] {
  return kinds.flatMap(({ ffn }) =>
    dense.is(ffn) || moe.is(ffn)
      ? [{ gated: ffn.gated, activation: ffn.activation ?? (ffn.gated ? 'silu' : 'gelu') }]
      : [],
  );
}

/** Of a runtime that knows SwiGLU alone. */
export function allSwiglu(model: ModelSpec): boolean {
  return activationsOf(model).every(({ gated, activation }) => gated && activation === 'silu');
}
