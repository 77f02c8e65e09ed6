import { attentionOf, build, type Family, plainMlp } from '../family.ts';

const NAMES = {
  ...{ hidden_size: 'd_model', intermediate_size: 'ffn_dim' },
  ...{ num_hidden_layers: 'num_layers', num_attention_heads: 'attention_heads' },
};

/** Biases everywhere, layer norms, sines for positions, tied head. */
export const xglm: Family = {
  types: ['xglm'],
  read(raw, name) {
    const f = raw.called(NAMES);
    return build(f, name, 'xglm', {
      attention: attentionOf(f, {
        ...{ kvHeads: f.count('num_attention_heads'), qkvBias: true, outBias: true, rope: false },
      }),
      mlp: plainMlp(f, true),
      norm: { kind: 'layer', perLayer: 2 },
      tied: true,
      beyondSizes: ['sines for positions'],
    });
  },
};

/** Rows of the position table before the first position (BioGptLearnedPositionalEmbedding). */
const OFFSET = 2;

/** Biases everywhere, layer norms, learned positions, tied head. */
export const biogpt: Family = {
  types: ['biogpt'],
  read: (f, name) =>
    build(f, name, 'biogpt', {
      attention: attentionOf(f, {
        ...{ kvHeads: f.count('num_attention_heads'), qkvBias: true, outBias: true },
      }),
      mlp: plainMlp(f, true),
      norm: { kind: 'layer', perLayer: 2 },
      learnedPositions: f.count('max_position_embeddings', 1024) + OFFSET,
      tied: true,
      beyondSizes: f.flag('scale_embedding', true) ? ['scaled embeddings'] : [],
    }),
};
