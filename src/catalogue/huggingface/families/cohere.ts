import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family, gatedMlp, normsOfAllHeads, scalings } from '../family.ts';
import { firstDense } from '../sparse-layers.ts';
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

/** Cohere 2 with experts, after the first layers where it says so; those rotate whether they slide or not. */
export const cohere2Moe: Family = {
  types: ['cohere2_moe'],
  read(raw, name) {
    const f = raw.usual({ logit_scale: 0.0625 });
    const plain = attentionOf(f, { headDim: f.count('head_dim', 128) });
    const first = f.countOrZero('first_k_dense_replace');
    const ofFirst = f.count('prefix_dense_sliding_window_pattern', 1);
    const every = allButEvery(f, 4);
    const slides = (i: number) => (i < first ? (i + 1) % ofFirst !== 0 : every(i - first));
    const attends = rotatedWhereSliding(f, plain, windowOf(f, 4096), slides);
    const width = f.count('intermediate_size');
    const moe = moeMlp(f.count('num_experts', 8), f.count('num_experts_per_tok', 2), width, {
      sharedFfnHiddenSize: width * f.countOrZero('num_shared_experts'),
    });
    const dense = f.with({ intermediate_size: f.count('prefix_dense_intermediate_size', width) });
    const mlpOf = firstDense(dense, moe);
    return build(f, name, 'cohere', {
      attention: plain,
      mlp: moe,
      layer: (i) => {
        const { attention } = attends(i);
        const { mlp } = mlpOf(i);
        return {
          attention: mlp !== moe && ofFirst === 1 && attention.rope === false ? plain : attention,
          mlp,
        };
      },
      ...COMMON,
      ...(f.has('rms_norm_eps') ? { norm: { kind: 'rms', perLayer: 1 } } : {}),
      beyondSizes: scalings(f, ['logit_scale']),
    });
  },
};
