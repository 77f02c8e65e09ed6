import { attentionOf, build, type Family, plainMlp } from '../family.ts';

/** Norms without weights, one on the embedding too; those of queries and keys have none either. */
export const nanochat: Family = {
  types: ['nanochat'],
  read: (f, name) =>
    build(f, name, 'nanochat', {
      attention: attentionOf(f),
      mlp: plainMlp(f, false, 'squared-relu'),
      norm: { kind: 'rms', perLayer: 2, scale: false },
      embeddingNorm: true,
      beyondSizes: ['norms of queries and keys without weights'],
    }),
};
