import { attentionOf, build, type Family, plainMlp } from '../family.ts';

/** Squared ReLU, two matrices, layer norms with bias, whose weight is added to one. */
export const nemotron: Family = {
  types: ['nemotron'],
  read: (f, name) =>
    build(f, name, 'nemotron', {
      attention: attentionOf(f),
      mlp: plainMlp(f, f.flag('mlp_bias', false), 'squared-relu'),
      norm: { kind: 'layer', perLayer: 2 },
    }),
};
