import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family, normsOfAllHeads } from '../family.ts';

/** Norms over the whole of q and k. */
export const minimax: Family = {
  types: ['minimax_m2'],
  read(f, name) {
    const plain = attentionOf(f, {
      headDim: f.count('head_dim', 128),
      ...{ qkvBias: false, outBias: false },
    });
    const mlp = moeMlp(
      f.count('num_local_experts'),
      f.count('num_experts_per_tok', 8),
      f.count('intermediate_size'),
      { correctionBias: true },
    );
    return build(f, name, 'minimax_m2', {
      attention: f.flag('use_qk_norm', true) ? normsOfAllHeads(plain) : plain,
      mlp,
    });
  },
};
