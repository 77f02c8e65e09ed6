import { attentionOf, build, type Family, gatedMlp } from '../family.ts';

/** Biases of queries, keys and values apart from that of the output. */
export const seedOss: Family = {
  types: ['seed_oss'],
  read(f, name) {
    const attention = attentionOf(f, {
      headDim: f.count('head_dim', 128),
      kvHeads: f.count('num_key_value_heads', 8),
      qkvBias: f.flag('attention_bias', true),
      outBias: f.flag('attention_out_bias', false),
    });
    return build(f, name, 'seed_oss', { attention, mlp: gatedMlp(f, f.flag('mlp_bias', false)) });
  },
};
