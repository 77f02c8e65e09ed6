import type { Encoder } from './encoder.ts';
import { transformer } from './encoder.ts';

/** A class token, norms before and after, and two matrices that take four patches together. */
export const llama4Vision: Encoder = {
  types: ['llama4_vision_model'],
  sizes: {
    ...{ hidden_size: 768, intermediate_size: 5632, num_hidden_layers: 34, num_attention_heads: 16 },
    ...{ image_size: 448, patch_size: 14, projector_input_dim: 4096, projector_output_dim: 4096 },
  },
  count(f) {
    const [into, out] = [f.count('projector_input_dim'), f.count('projector_output_dim')];
    return transformer(
      f,
      ({ hidden: h, ffn, pixels, patches }) =>
        h * (1 + patches + 1 + pixels) + 4 * h + ffn * into + out * out,
    );
  },
};
