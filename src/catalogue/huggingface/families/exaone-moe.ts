import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family, normsOfHeads } from '../family.ts';
import { firstDense } from '../sparse-layers.ts';
import { allButEvery, rotatedWhereSliding, windowOf } from '../windows.ts';

/** Three of four layers slide, the others are not rotated; experts after the first layers, shared ones beside them. */
export const exaoneMoe: Family = {
  types: ['exaone_moe'],
  read(f, name) {
    const plain = normsOfHeads(attentionOf(f, { qkvBias: false, outBias: false }));
    const window = windowOf(f, 4096);
    const slides = window === null ? () => false : allButEvery(f, 4);
    const attends = rotatedWhereSliding(f, plain, window, slides);
    const width = f.count('moe_intermediate_size');
    const moe = moeMlp(f.count('num_experts'), f.count('num_experts_per_tok'), width, {
      sharedFfnHiddenSize: width * f.countOrZero('num_shared_experts', 1),
      correctionBias: true,
    });
    const mlpOf = firstDense(f, moe, 1);
    return build(f, name, 'exaone_moe', {
      attention: plain,
      mlp: moe,
      layer: (i) => ({ ...mlpOf(i), ...attends(i) }),
    });
  },
};
