import { denseMlp } from '../../../layers/ffn/dense.ts';
import { activationOf, attentionOf, build, type Family } from '../family.ts';

/** Norms inside attention and MLP; weights are rounded to three values in forward, and trained in the precision of the run. */
export const bitnet: Family = {
  types: ['bitnet'],
  read: (f, name) =>
    build(f, name, 'bitnet', {
      attention: attentionOf(f, { subNorm: true }),
      mlp: denseMlp(f.count('intermediate_size'), {
        ...activationOf(f, true, 'squared-relu'),
        subNorm: true,
      }),
      beyondSizes: ['weights of three values in forward'],
    }),
};
