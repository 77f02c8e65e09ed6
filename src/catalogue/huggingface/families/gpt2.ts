import { attentionOf, build, type Family, plainMlp } from '../family.ts';

const NAMES = {
  ...{ hidden_size: 'n_embd', num_hidden_layers: 'n_layer', num_attention_heads: 'n_head' },
  ...{ intermediate_size: 'n_inner', max_position_embeddings: 'n_positions' },
};

/** Biases everywhere, layer norms, learned positions, tied head; with one key-value head in gpt_bigcode (StarCoder). */
export const gpt2: Family = {
  types: ['gpt2', 'gpt-sw3', 'gpt_bigcode'],
  read(raw, name) {
    const f = raw.called(NAMES).usual({
      ...{ hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12 },
      ...{ max_position_embeddings: 1024, attention_bias: true },
    });
    const single = f.valueOf('model_type') === 'gpt_bigcode' && f.flag('multi_query', true);
    return build(f, name, 'gpt2', {
      attention: attentionOf(f, { kvHeads: single ? 1 : f.count('num_attention_heads') }),
      mlp: plainMlp(f, true, 'gelu', 4),
      norm: { kind: 'layer', perLayer: 2 },
      learnedPositions: f.count('max_position_embeddings'),
      tied: true,
    });
  },
};
