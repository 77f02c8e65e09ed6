import { attentionOf, build, type Family, normsOfHeads, plainMlp } from '../family.ts';

/** Norms of queries and keys over a head; two matrices and xIELU, which has two weights a layer. */
export const apertus: Family = {
  types: ['apertus'],
  read: (f, name) =>
    build(f, name, 'apertus', {
      attention: normsOfHeads(attentionOf(f)),
      mlp: plainMlp(f.usual({ hidden_act: 'xielu' }), f.flag('mlp_bias', false)),
    }),
};
