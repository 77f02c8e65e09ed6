import type { Encoder } from './encoder.ts';
import { patchesOf } from './encoder.ts';

/** RMS norms, gated MLPs as wide as the decoder, patches of two frames; a merger with a gated MLP stands in the tower. Not timed. */
export const glm4v: Encoder = {
  types: ['glm4v', 'glm4v_vision', 'glm4v_moe', 'glm4v_moe_vision'],
  merges: true,
  sizes: {
    ...{ depth: 24, hidden_size: 1536, intermediate_size: 13696, out_hidden_size: 4096 },
    ...{ image_size: 336, patch_size: 14, spatial_merge_size: 2, temporal_patch_size: 2 },
  },
  count(raw) {
    const f = raw.called({ num_channels: 'in_channels' });
    const [h, wide, out] = [f.count('hidden_size'), f.count('intermediate_size'), f.count('out_hidden_size')];
    const { patches, pixels } = patchesOf(f);
    const biases = f.flag('attention_bias', false) ? 4 * h : 0;
    return {
      weights: {
        layers: f.count('depth'),
        perLayer: 4 * h * h + biases + 3 * h * out + 2 * h,
        beside:
          h * (f.count('temporal_patch_size') * pixels + 1 + patches) +
          (out * h * f.count('spatial_merge_size') ** 2 + out) +
          (out * out + 2 * out + 3 * out * wide) +
          2 * h,
      },
    };
  },
};
