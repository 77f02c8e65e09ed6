import { attentionOf, build, type Family, gatedMlp, normsOfHeads } from '../family.ts';
import { windowedFrom } from '../windows.ts';

/** Norms over the head dimension of q and k. */
export const qwen3: Family = {
  types: ['qwen3', 'qwen3_vl_text'],
  sizes: {
    ...{ vocab_size: 151936, hidden_size: 4096, intermediate_size: 22016 },
    ...{ num_hidden_layers: 32, num_attention_heads: 32, num_key_value_heads: 32 },
  },
  read(f, name) {
    const full = normsOfHeads(attentionOf(f, { headDim: f.count('head_dim', 128) }));
    return build(f, name, 'qwen3', {
      attention: full,
      mlp: gatedMlp(f),
      layer: windowedFrom(f, full, 28),
    });
  },
};
