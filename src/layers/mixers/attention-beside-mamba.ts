import { closed } from '../../document/shapes.ts';
import { layerModule } from '../layer-module.ts';
import { type Mamba2, mamba2 } from './mamba2.ts';
import { type SoftmaxAttention, softmax } from './softmax.ts';

/** Attention and Mamba-2 read the same input and are added together (falcon_h1, arXiv 2507.22448). */
export interface AttentionBesideMamba {
  readonly kind: 'attention-beside-mamba';
  readonly attention: SoftmaxAttention;
  readonly mamba: Mamba2;
}

/** Both one after the other, as they are run. */
export const attentionBesideMamba = layerModule<AttentionBesideMamba>({
  kind: 'attention-beside-mamba',
  schema: closed({
    kind: { const: 'attention-beside-mamba' },
    attention: softmax.schema,
    mamba: mamba2.schema,
  }),
  complete(given, hiddenSize) {
    const attention = softmax.complete(given.attention, hiddenSize);
    if ('message' in attention) return { ...attention, key: `attention/${attention.key}` };
    const mamba = mamba2.complete(given.mamba, hiddenSize);
    if ('message' in mamba) return { ...mamba, key: `mamba/${mamba.key}` };
    return { kind: 'attention-beside-mamba', attention, mamba };
  },
  operators: ({ attention, mamba }, context) => [
    ...softmax.operators(attention, context),
    ...mamba2.operators(mamba, context),
  ],
  within: ({ attention, ...others }, sequence) => ({
    ...others,
    attention: softmax.within!(attention, sequence),
  }),
  slides: ({ attention }) => softmax.slides!(attention),
  constraints: ({ attention, mamba }, split) =>
    softmax.constraints(attention, split) ?? mamba2.constraints(mamba, split),
  describe: ({ attention, mamba }) => `${softmax.describe(attention)} beside ${mamba2.describe(mamba)}`,
  kernelPackages: mamba2.kernelPackages!,
  weakly: ({ mamba }) => mamba2.weakly!(mamba),
});
