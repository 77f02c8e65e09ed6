import type { Encoder } from './encoder.ts';
import { side } from './encoder.ts';

/** Rotated patches of any number, RMS norms, gated MLPs, no biases. Its layers are not timed. */
export const pixtral: Encoder = {
  types: ['pixtral'],
  sizes: { hidden_size: 1024, intermediate_size: 4096, num_hidden_layers: 24, patch_size: 16 },
  count(f) {
    const [h, ffn] = [f.count('hidden_size'), f.count('intermediate_size')];
    const pixels = f.count('num_channels', 3) * side(f, 'patch_size') ** 2;
    return {
      weights: {
        layers: f.count('num_hidden_layers'),
        perLayer: 4 * h * h + 3 * h * ffn + 2 * h,
        beside: h * pixels + h,
      },
    };
  },
};
