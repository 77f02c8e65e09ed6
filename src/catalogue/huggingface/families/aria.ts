import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family } from '../family.ts';

/** A Llama with experts in all layers and shared ones beside them. */
export const aria: Family = {
  types: ['aria_text'],
  read(f, name) {
    const width = f.count('intermediate_size', 4096);
    return build(f, name, 'aria', {
      attention: attentionOf(f),
      mlp: moeMlp(f.count('moe_num_experts', 8), f.count('moe_topk', 2), width, {
        sharedFfnHiddenSize: width * f.countOrZero('moe_num_shared_experts', 2),
      }),
    });
  },
};
