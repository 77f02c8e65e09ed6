import { attentionOf, build, type Family, plainMlp } from '../family.ts';

/** One layer norm before attention and MLP side by side; biases everywhere, on the head too. */
export const phi: Family = {
  types: ['phi'],
  read(raw, name) {
    const f = raw.usual({ attention_bias: true });
    const plain = attentionOf(f);
    // A weight and a bias of each.
    const withNorms = { ...plain, qkNormParameters: f.flag('qk_layernorm', false) ? 4 * plain.headDim : 0 };
    return build(f, name, 'phi', {
      attention: withNorms,
      mlp: plainMlp(f, true, 'gelu', 4),
      norm: { kind: 'layer', perLayer: 1 },
      headBias: true,
      parallelResidual: true,
    });
  },
};
