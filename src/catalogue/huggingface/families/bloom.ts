import { attentionOf, build, type Family, plainMlp } from '../family.ts';

const NAMES = { hidden_size: 'n_embed', num_hidden_layers: 'n_layer', num_attention_heads: 'n_head' };

/** Biases everywhere, layer norms, one on the embedding too, ALiBi, tied head. */
export const bloom: Family = {
  types: ['bloom'],
  read(raw, name) {
    const f = raw.called(NAMES).usual({ attention_bias: true });
    return build(f, name, 'bloom', {
      attention: attentionOf(f, { kvHeads: f.count('num_attention_heads') }),
      mlp: plainMlp(f, true, 'gelu', 4),
      norm: { kind: 'layer', perLayer: 2 },
      embeddingNorm: true,
      alibi: true,
      tied: true,
      beyondSizes: f.flag('apply_residual_connection_post_layernorm', false)
        ? ['residual after the norm']
        : [],
    });
  },
};
