import type { Encoder } from './encoder.ts';
import { transformer } from './encoder.ts';

/** A class token beside the patches, which have no bias; a norm before the layers and one after. */
export const clip: Encoder = {
  types: ['clip_vision_model'],
  sizes: {
    ...{ hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 12, num_attention_heads: 12 },
    ...{ image_size: 224, patch_size: 32 },
  },
  count: (f) => transformer(f, ({ hidden: h, pixels, patches }) => h * (pixels + 1 + patches + 1) + 4 * h),
};
