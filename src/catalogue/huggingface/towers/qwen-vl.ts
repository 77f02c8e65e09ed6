import type { Fields } from '../fields.ts';
import type { Encoder } from './encoder.ts';
import { plainLayer } from './encoder.ts';

/** Patches of two frames each, of any number: their layers are not timed. What merges four of them stands in the tower. */
const frames = (f: Fields) =>
  f.count('in_channels', 3) * f.count('temporal_patch_size') * f.count('patch_size') ** 2;
const merged = (f: Fields, width: number) => width * f.count('spatial_merge_size') ** 2;

/** A norm before, the merger's first matrix over `m` values, its second to what the decoder reads. */
export const merger = (norm: number, m: number, out: number) => norm + m * m + m + m * out + out;

/** Plain layers; patches without bias. `hidden_size` is the decoder's. */
export const qwen2Vl: Encoder = {
  types: ['qwen2_vl', 'qwen2_vl_vision'],
  merges: true,
  sizes: {
    ...{ depth: 32, embed_dim: 1280, hidden_size: 3584, mlp_ratio: 4, patch_size: 14 },
    ...{ spatial_merge_size: 2, temporal_patch_size: 2 },
  },
  count(raw) {
    const f = raw.called({ in_channels: 'in_chans' });
    const h = f.count('embed_dim');
    const m = merged(f, h);
    return {
      weights: {
        layers: f.count('depth'),
        perLayer: plainLayer(h, f.count('mlp_ratio') * h),
        beside: h * frames(f) + merger(2 * h, m, f.count('hidden_size')),
      },
    };
  },
};

/** Gated MLPs with biases, RMS norms. */
export const qwen25Vl: Encoder = {
  types: ['qwen2_5_vl', 'qwen2_5_vl_vision'],
  merges: true,
  sizes: {
    ...{ depth: 32, hidden_size: 3584, intermediate_size: 3420, out_hidden_size: 3584, patch_size: 14 },
    ...{ spatial_merge_size: 2, temporal_patch_size: 2 },
  },
  count(raw) {
    const f = raw.called({ in_channels: 'in_chans' });
    const [h, ffn] = [f.count('hidden_size'), f.count('intermediate_size')];
    const m = merged(f, h);
    return {
      weights: {
        layers: f.count('depth'),
        perLayer: 4 * (h * h + h) + 3 * h * ffn + 2 * ffn + h + 2 * h,
        beside: h * frames(f) + merger(h, m, f.count('out_hidden_size')),
      },
    };
  },
};

/** Plain layers with positions of their own; of some of them a merger more, but in qwen3_5. */
export const qwen3Vl: Encoder = {
  types: [
    'qwen3_vl',
    'qwen3_vl_moe',
    'qwen3_5',
    'qwen3_5_moe',
    'qwen3_5_vision',
    'qwen3_5_moe_vision',
    'qwen3_vl_vision',
    'qwen3_vl_moe_vision',
  ],
  merges: true,
  sizes: {
    ...{ depth: 27, hidden_size: 1152, intermediate_size: 4304, out_hidden_size: 3584, patch_size: 16 },
    ...{ spatial_merge_size: 2, temporal_patch_size: 2, num_position_embeddings: 2304 },
  },
  count(f) {
    const h = f.count('hidden_size');
    const m = merged(f, h);
    const out = f.count('out_hidden_size');
    const deep = /^qwen3_5/.test(String(f.valueOf('model_type')))
      ? 0
      : (f.list('deepstack_visual_indexes')?.length ?? 3);
    return {
      weights: {
        layers: f.count('depth'),
        perLayer: plainLayer(h, f.count('intermediate_size')),
        beside:
          h * (frames(f) + 1 + f.count('num_position_embeddings')) +
          merger(2 * h, m, out) +
          deep * merger(2 * m, m, out),
      },
    };
  },
};
