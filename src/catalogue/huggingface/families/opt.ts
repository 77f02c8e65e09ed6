import { attentionOf, build, type Family, plainMlp } from '../family.ts';

/** Rows of the position table before the first position. */
const OFFSET = 2;

/** Biases everywhere, layer norms, learned positions, ReLU, tied head. */
export const opt: Family = {
  types: ['opt'],
  read(raw, name) {
    const f = raw.called({ intermediate_size: 'ffn_dim' });
    const width = f.count('word_embed_proj_dim', f.count('hidden_size'));
    if (width !== f.count('hidden_size'))
      throw f.odd(
        'word_embed_proj_dim',
        width,
        'the hidden size: projections of embeddings are not modelled',
      );
    if (!f.flag('do_layer_norm_before', true))
      throw f.odd('do_layer_norm_before', false, 'true: norms before attention and MLP, and one at the end');
    const bias = f.flag('enable_bias', true);
    const affine = f.flag('layer_norm_elementwise_affine', true);
    return build(f, name, 'opt', {
      attention: attentionOf(f, { kvHeads: f.count('num_attention_heads'), qkvBias: bias, outBias: bias }),
      mlp: plainMlp(f, bias, 'relu'),
      norm: { kind: 'layer', perLayer: 2, ...(affine ? {} : { scale: false, bias: false }) },
      learnedPositions: f.count('max_position_embeddings', 2048) + OFFSET,
      tied: true,
    });
  },
};
