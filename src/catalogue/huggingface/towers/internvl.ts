import type { Encoder } from './encoder.ts';
import { transformer } from './encoder.ts';

/** A class token, positions, two scales a layer; biases of queries, keys and values where it says so. */
export const internvl: Encoder = {
  types: ['internvl_vision'],
  sizes: {
    ...{ hidden_size: 1024, intermediate_size: 4096, num_hidden_layers: 24, num_attention_heads: 16 },
    ...{ image_size: 448, patch_size: 14 },
  },
  count(f) {
    const biases = f.flag('attention_bias', false) ? 3 : 0;
    const norms = f.flag('use_qk_norm', false) ? 2 : 0;
    const scale = f.valueOf('norm_type') === 'rms_norm' ? 1 : 2;
    const positions = f.flag('use_absolute_position_embeddings', true) ? 1 : 0;
    const mask = f.flag('use_mask_token', false) ? 1 : 0;
    const mean = f.flag('use_mean_pooling', true);
    return transformer(
      f,
      ({ hidden: h, pixels, patches }) =>
        h * (1 + mask + positions * (patches + 1) + pixels + 1) + (mean ? 0 : scale * h),
      (h, ffn) => 4 * h * h + (1 + biases + norms) * h + 2 * h * ffn + ffn + h + 2 * scale * h + 2 * h,
    );
  },
};
