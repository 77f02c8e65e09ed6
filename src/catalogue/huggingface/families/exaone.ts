import { attentionOf, build, type Family, gatedMlp, normsOfHeads } from '../family.ts';
import { allButEvery, rotatedWhereSliding, windowOf } from '../windows.ts';

/** A Llama whose config counts layers under a key of its own. */
export const exaone: Family = {
  types: ['exaone'],
  read(raw, name) {
    const f = raw.called({ num_hidden_layers: 'num_layers' });
    return build(f, name, 'llama', { attention: attentionOf(f), mlp: gatedMlp(f) });
  },
};

/** Norms after each block; those of queries and keys over a head; layers that attend to all are not rotated where others slide. */
export const exaone4: Family = {
  types: ['exaone4'],
  read(f, name) {
    const plain = normsOfHeads(attentionOf(f, { qkvBias: false, outBias: false }));
    const window = windowOf(f, 4096);
    const slides = window === null ? () => false : allButEvery(f, 4);
    return build(f, name, 'exaone4', {
      attention: plain,
      mlp: gatedMlp(f),
      layer: rotatedWhereSliding(f, plain, window, slides),
      norm: { kind: 'rms', perLayer: 2, after: true },
    });
  },
};
