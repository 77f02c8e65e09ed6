import { attentionOf, build, type Family, plainMlp } from '../family.ts';

/** Biases everywhere, layer norms, also of each head of queries and keys; squared ReLU. */
export const persimmon: Family = {
  types: ['persimmon'],
  sizes: {
    ...{ vocab_size: 262144, hidden_size: 4096, intermediate_size: 16384 },
    ...{ num_hidden_layers: 36, num_attention_heads: 64 },
  },
  read(raw, name) {
    const f = raw.usual({ attention_bias: true });
    const plain = attentionOf(f, { kvHeads: f.count('num_attention_heads') });
    // A weight and a bias of each.
    const withNorms = { ...plain, qkNormParameters: f.flag('qk_layernorm', true) ? 4 * plain.headDim : 0 };
    return build(f, name, 'persimmon', {
      attention: withNorms,
      mlp: plainMlp(f, true, 'squared-relu'),
      norm: { kind: 'layer', perLayer: 2 },
    });
  },
};
