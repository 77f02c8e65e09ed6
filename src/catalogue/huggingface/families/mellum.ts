import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family, normsOfHeads } from '../family.ts';
import { firstDense } from '../sparse-layers.ts';
import { windowed, windowOf } from '../windows.ts';

/** Experts in the layers that `mlp_layer_types` says, windows in those that `layer_types` says. */
export const mellum: Family = {
  types: ['mellum'],
  read(f, name) {
    const full = normsOfHeads(attentionOf(f, { headDim: f.count('head_dim', 128) }));
    const moe = moeMlp(
      f.count('num_experts', 64),
      f.count('num_experts_per_tok', 8),
      f.count('moe_intermediate_size', 896),
    );
    const mlpOf = firstDense(f, moe);
    const attends = windowed(f, full, windowOf(f, 1024), () => false);
    return build(f, name, 'mellum', {
      attention: full,
      mlp: moe,
      layer: (i) => ({ ...mlpOf(i), ...attends(i) }),
    });
  },
};
