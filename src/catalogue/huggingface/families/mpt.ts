import { attentionOf, build, type Family, plainMlp, scalings } from '../family.ts';

const NAMES = {
  ...{ hidden_size: 'd_model', num_hidden_layers: 'n_layers', num_attention_heads: 'n_heads' },
  max_position_embeddings: 'max_seq_len',
};

/** Layer norms without biases as all else, ALiBi, tied head. */
export const mpt: Family = {
  types: ['mpt'],
  read(raw, name) {
    const f = raw.called(NAMES);
    if (!f.flag('no_bias', true)) throw f.odd('no_bias', false, 'true: transformers builds no other');
    const attention = f.inside('attn_config');
    const kind = attention.valueOf('attn_type') ?? 'multihead_attention';
    if (kind !== 'multihead_attention') throw attention.odd('attn_type', kind, 'multihead_attention');
    if (attention.flag('qk_ln', false)) throw attention.odd('qk_ln', true, 'false');
    const alibi = attention.flag('alibi', true);
    if (!alibi) throw attention.odd('alibi', false, 'true: transformers builds no other');
    return build(f, name, 'mpt', {
      attention: attentionOf(f, { kvHeads: f.count('num_attention_heads') }),
      mlp: plainMlp(f, false, 'gelu', f.count('expansion_ratio', 4)),
      norm: { kind: 'layer', perLayer: 2, bias: false },
      alibi,
      tied: true,
      beyondSizes: scalings(attention, ['clip_qkv', 'softmax_scale']),
    });
  },
};
