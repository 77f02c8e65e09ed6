import { attentionOf, build, type Family, gatedMlp } from '../family.ts';
import { windowed, windowOf } from '../windows.ts';

/** Matrices of queries, keys and values in one, of gate and up in one; a window on all layers. */
export const phi3: Family = {
  types: ['phi3', 'phi4_multimodal'],
  read(f, name) {
    const full = attentionOf(f, { qkvBias: false, outBias: false });
    return build(f, name, 'llama', {
      attention: full,
      mlp: gatedMlp(f),
      layer: windowed(f, full, windowOf(f), () => true),
    });
  },
};
