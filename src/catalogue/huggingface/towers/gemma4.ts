import type { Encoder } from './encoder.ts';

/** Four norms a layer, norms of queries and keys over a head, gated MLPs without biases; two tables of positions. Not timed. */
export const gemma4Vision: Encoder = {
  types: ['gemma4_vision'],
  sizes: {
    ...{ hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 16, num_attention_heads: 12 },
    ...{ num_key_value_heads: 12, head_dim: 64, patch_size: 16, position_embedding_size: 10240 },
  },
  count(f) {
    const [h, d, heads] = [f.count('hidden_size'), f.count('head_dim'), f.count('num_attention_heads')];
    const projections = 2 * h * d * (heads + f.count('num_key_value_heads'));
    return {
      weights: {
        layers: f.count('num_hidden_layers'),
        perLayer: projections + 2 * d + 3 * h * f.count('intermediate_size') + 4 * h,
        beside: h * (2 * f.count('position_embedding_size') + 3 * f.count('patch_size') ** 2),
      },
    };
  },
};
