import { attentionOf, build, type Family, gatedMlp, normsOfAllHeads } from '../family.ts';

/** A Llama with layer norms; one of them serves attention and MLP side by side where it says so. */
export const stablelm: Family = {
  types: ['stablelm', 'stablelm_epoch'],
  read(f, name) {
    const plain = attentionOf(f, { qkvBias: f.flag('use_qkv_bias', false), outBias: false });
    const parallelResidual = f.flag('use_parallel_residual', false);
    return build(f, name, 'stablelm', {
      // A norm of its own for each head.
      attention: f.flag('qk_layernorm', false) ? normsOfAllHeads(plain) : plain,
      mlp: gatedMlp(f),
      norm: { kind: 'layer', perLayer: parallelResidual ? 1 : 2 },
      parallelResidual,
    });
  },
};
