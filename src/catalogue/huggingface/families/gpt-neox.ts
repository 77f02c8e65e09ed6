import { attentionOf, build, type Family, plainMlp } from '../family.ts';

/** Biases everywhere, two layer norms before attention and MLP side by side. */
export const neox: Family = {
  types: ['gpt_neox'],
  read(raw, name) {
    const f = raw.usual({ attention_bias: true });
    return build(f, name, 'gpt_neox', {
      attention: attentionOf(f, { kvHeads: f.count('num_attention_heads') }),
      mlp: plainMlp(f, true, 'gelu', 4),
      norm: { kind: 'layer', perLayer: 2 },
      parallelResidual: f.flag('use_parallel_residual', true),
    });
  },
};
