import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family } from '../family.ts';
import { windowed, windowOf } from '../windows.ts';

/** Experts in all layers; phimoe with layer norms and biases, on the head too. */
export const mixtral: Family = {
  types: ['mixtral', 'phimoe'],
  read(f, name) {
    const phi = f.valueOf('model_type') === 'phimoe';
    const full = attentionOf(f);
    const mlp = moeMlp(
      f.count('num_local_experts', phi ? 16 : 8),
      f.count('num_experts_per_tok', 2),
      f.count('intermediate_size'),
    );
    return build(f, name, 'mixtral', {
      attention: full,
      mlp,
      layer: windowed(f, full, windowOf(f), () => true),
      ...(phi
        ? { norm: { kind: 'layer', perLayer: 2 } as const, headBias: f.flag('lm_head_bias', false) }
        : {}),
    });
  },
};
