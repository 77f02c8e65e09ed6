import { attentionOf, build, type Family, gatedMlp, normsOfAllHeads, scalings } from '../family.ts';
import { allButEvery, windowed, windowOf } from '../windows.ts';

/** Layer norms without weights. */
export const olmo: Family = {
  types: ['olmo'],
  read: (f, name) =>
    build(f, name, 'olmo', {
      attention: attentionOf(f),
      mlp: gatedMlp(f),
      norm: { kind: 'layer', perLayer: 2, scale: false, bias: false },
      beyondSizes: scalings(f, ['clip_qkv']),
    }),
};

/** Norms over the whole of q and k, and after each block instead of before; of olmo3 three of four layers slide. */
export const olmo2: Family = {
  types: ['olmo2', 'olmo3'],
  read(f, name) {
    const full = normsOfAllHeads(attentionOf(f));
    const third = f.valueOf('model_type') === 'olmo3';
    return build(f, name, 'olmo2', {
      attention: full,
      mlp: gatedMlp(f),
      ...(third ? { layer: windowed(f, full, windowOf(f, 4096), allButEvery(f, 4)) } : {}),
      norm: { kind: 'rms', perLayer: 2, after: true },
    });
  },
};
