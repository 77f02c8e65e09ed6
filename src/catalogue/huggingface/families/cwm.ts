import { attentionOf, build, type Family, gatedMlp } from '../family.ts';
import { windowed, windowOf } from '../windows.ts';

/** A Llama of which three of four layers slide. */
export const cwm: Family = {
  types: ['cwm'],
  read(f, name) {
    const full = attentionOf(f, { headDim: f.count('head_dim', 128), qkvBias: false, outBias: false });
    return build(f, name, 'llama', {
      attention: full,
      mlp: gatedMlp(f, f.flag('mlp_bias', false)),
      layer: windowed(f, full, windowOf(f, 8192), (i) => i % 4 !== 0),
    });
  },
};
