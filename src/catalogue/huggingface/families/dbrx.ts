import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family, scalings } from '../family.ts';

const NAMES = {
  ...{ hidden_size: 'd_model', num_hidden_layers: 'n_layers', num_attention_heads: 'n_heads' },
  max_position_embeddings: 'max_seq_len',
};

/** Layer norms without biases; experts in all layers; sizes in a mapping of attention and one of experts. */
export const dbrx: Family = {
  types: ['dbrx'],
  read(raw, name) {
    const f = raw.called(NAMES);
    const attention = f.inside('attn_config');
    const experts = f.inside('ffn_config');
    return build(f, name, 'dbrx', {
      attention: attentionOf(f, { kvHeads: attention.count('kv_n_heads', 1) }),
      mlp: moeMlp(
        experts.count('moe_num_experts', 4),
        experts.count('moe_top_k', 1),
        experts.count('ffn_hidden_size', 3584),
      ),
      norm: { kind: 'layer', perLayer: 2, bias: false },
      beyondSizes: scalings(attention, ['clip_qkv']),
    });
  },
};
