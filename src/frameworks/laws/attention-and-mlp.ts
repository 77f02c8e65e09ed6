import type { LayerKind } from '../../domain/model.ts';
import { type DenseMlp, dense } from '../../layers/ffn/dense.ts';
import { type MoeMlp, moe } from '../../layers/ffn/moe.ts';
import { type LatentAttention, latent } from '../../layers/mixers/latent.ts';
import { type SoftmaxAttention, softmax } from '../../layers/mixers/softmax.ts';

export interface AttentionAndMlp {
  readonly attention: SoftmaxAttention | LatentAttention;
  readonly mlp: DenseMlp | MoeMlp;
}

/** A layer as frameworks of attention and MLPs know it. Throws on other parts: their law has refused those before. */
export function attentionAndMlp({ name, mixer, ffn }: LayerKind): AttentionAndMlp {
  if (!softmax.is(mixer) && !latent.is(mixer)) throw new RangeError(`${name} layers have no attention`);
  if (!dense.is(ffn) && !moe.is(ffn)) throw new RangeError(`${name} layers have no MLP`);
  return { attention: mixer, mlp: ffn };
}

/** Of every kind of layer. */
export function attentionsAndMlps(kinds: readonly LayerKind[]): AttentionAndMlp[] {
  return kinds.map(attentionAndMlp);
}
