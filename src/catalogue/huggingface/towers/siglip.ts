import type { Fields } from '../fields.ts';
import type { Encoder } from './encoder.ts';
import { patchesOf, transformer } from './encoder.ts';

const SIZES = {
  ...{ hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 12, num_attention_heads: 12 },
  ...{ image_size: 224, patch_size: 16 },
};

/** Patches with biases, a position each, a norm after; an attention that pools unless it says not to. */
export const siglip: Encoder = {
  types: ['siglip_vision_model'],
  sizes: SIZES,
  count: (f) =>
    transformer(
      f,
      ({ hidden: h, ffn, pixels, patches }) => h * (pixels + 1 + patches) + 2 * h + pool(f, h, ffn),
    ),
};

/** SigLIP 2 of any resolution: so many positions as it is told. */
export const siglip2: Encoder = {
  types: ['siglip2_vision_model'],
  sizes: { ...SIZES, num_patches: 256 },
  count(f) {
    const positions = f.count('num_patches');
    return transformer(
      f,
      ({ hidden: h, ffn }) => h * (patchesOf(f).pixels + 1 + positions) + 2 * h + pool(f, h, ffn),
    );
  },
};

/** As SigLIP's without a pool (Idefics 3, SmolVLM, Aria). */
export const idefics: Encoder = {
  types: ['idefics3_vision', 'smolvlm_vision', 'idefics3', 'smolvlm'],
  sizes: {
    ...{ hidden_size: 1152, intermediate_size: 3072, num_hidden_layers: 12, num_attention_heads: 16 },
    ...{ image_size: 224, patch_size: 32 },
  },
  count: (f) => transformer(f, ({ hidden: h, pixels, patches }) => h * (pixels + 1 + patches) + 2 * h),
};

/** A probe, attention, a norm and an MLP. */
function pool(f: Fields, h: number, ffn: number): number {
  if (!f.flag('vision_use_head', true)) return 0;
  return h + 4 * (h * h + h) + 2 * h + 2 * h * ffn + ffn + h;
}
