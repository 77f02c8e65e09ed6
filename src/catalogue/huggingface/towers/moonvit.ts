import type { Encoder } from './encoder.ts';
import { plainLayer } from './encoder.ts';
import { merger } from './qwen-vl.ts';

/** MoonViT of Kimi K2.5: plain layers, a table of positions, a norm after; the merger of four patches stands in the tower. Not timed. */
export const moonVit: Encoder = {
  types: ['kimi_k25', 'kimi_k25_vision'],
  merges: true,
  sizes: {
    ...{ hidden_size: 1152, intermediate_size: 4304, num_hidden_layers: 27, patch_size: 14 },
    ...{ init_pos_emb_height: 64, init_pos_emb_width: 64, text_hidden_size: 7168 },
  },
  count(raw) {
    const f = raw.called({
      hidden_size: 'vt_hidden_size',
      intermediate_size: 'vt_intermediate_size',
      num_hidden_layers: 'vt_num_hidden_layers',
    });
    const h = f.count('hidden_size');
    const positions = f.count('init_pos_emb_height') * f.count('init_pos_emb_width');
    return {
      weights: {
        layers: f.count('num_hidden_layers'),
        perLayer: plainLayer(h, f.count('intermediate_size')),
        beside:
          h * (3 * f.count('patch_size') ** 2 + 1 + positions) +
          2 * h +
          merger(2 * h, 4 * h, f.count('text_hidden_size')),
      },
    };
  },
};
