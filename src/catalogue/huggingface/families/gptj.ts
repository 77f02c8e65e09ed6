import { attentionOf, build, type Family, plainMlp } from '../family.ts';

const NAMES = {
  ...{ hidden_size: 'n_embd', num_hidden_layers: 'n_layer', num_attention_heads: 'n_head' },
  ...{ intermediate_size: 'n_inner', max_position_embeddings: 'n_positions' },
};

/** One norm a layer, before attention and MLP side by side; biases on the MLP and the head alone. */
export const gptj: Family = {
  types: ['gptj', 'codegen'],
  read(raw, name) {
    const f = raw.called(NAMES);
    return build(f, name, 'gptj', {
      attention: attentionOf(f, { kvHeads: f.count('num_attention_heads') }),
      mlp: plainMlp(f, true, 'gelu', 4),
      norm: { kind: 'layer', perLayer: 1 },
      headBias: true,
      parallelResidual: true,
    });
  },
};
