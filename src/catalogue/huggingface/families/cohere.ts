import { attentionOf, build, type Family, gatedMlp, normsOfAllHeads, scalings } from '../family.ts';
import { allButEvery, rotatedWhereSliding, windowOf } from '../windows.ts';

const COMMON = {
  norm: { kind: 'layer', perLayer: 1, bias: false },
  tied: true,
  parallelResidual: true,
} as const;

/** One layer norm without bias before attention and MLP side by side; a norm for each head of queries and keys. */
export const cohere: Family = {
  types: ['cohere'],
  read(raw, name) {
    const f = raw.usual({ logit_scale: 0.0625 });
    const plain = attentionOf(f);
    return build(f, name, 'cohere', {
      attention: f.flag('use_qk_norm', false) ? normsOfAllHeads(plain) : plain,
      mlp: gatedMlp(f),
      ...COMMON,
      beyondSizes: scalings(f, ['logit_scale']),
    });
  },
};

/** Three of four layers slide; those that attend to all are not rotated. */
export const cohere2: Family = {
  types: ['cohere2'],
  read(raw, name) {
    const f = raw.usual({ logit_scale: 0.0625 });
    const plain = attentionOf(f);
    return build(f, name, 'cohere', {
      attention: plain,
      mlp: gatedMlp(f),
      layer: rotatedWhereSliding(f, plain, windowOf(f, 4096), allButEvery(f, 4)),
      ...COMMON,
      beyondSizes: scalings(f, ['logit_scale']),
    });
  },
};
