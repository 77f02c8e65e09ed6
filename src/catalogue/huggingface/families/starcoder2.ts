import { attentionOf, build, type Family, plainMlp } from '../family.ts';
import { windowed, windowOf } from '../windows.ts';

/** Biases everywhere, layer norms, rotary positions; a window on all layers. */
export const starcoder2: Family = {
  types: ['starcoder2'],
  read(f, name) {
    const bias = f.flag('use_bias', true);
    const full = attentionOf(f, {
      kvHeads: f.count('num_key_value_heads', 2),
      ...{ qkvBias: bias, outBias: bias },
    });
    return build(f, name, 'starcoder2', {
      attention: full,
      mlp: plainMlp(f, bias),
      layer: windowed(f, full, windowOf(f), () => true),
      norm: { kind: 'layer', perLayer: 2 },
      tied: true,
    });
  },
};
