import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family, normsOfAllHeads, scalings } from '../family.ts';

/** Norms over the whole of queries and keys; experts in all layers. Flex_olmo has its norms after each block. */
export const olmoe: Family = {
  types: ['olmoe', 'flex_olmo'],
  read(f, name) {
    const flex = f.valueOf('model_type') === 'flex_olmo';
    return build(f, name, 'olmoe', {
      attention: normsOfAllHeads(attentionOf(f)),
      mlp: moeMlp(
        f.count('num_experts', flex ? 7 : 64),
        f.count('num_experts_per_tok', flex ? 5 : 8),
        f.count('intermediate_size'),
      ),
      norm: { kind: 'rms', perLayer: 2, ...(flex ? { after: true } : {}) },
      beyondSizes: scalings(f, ['clip_qkv']),
    });
  },
};
