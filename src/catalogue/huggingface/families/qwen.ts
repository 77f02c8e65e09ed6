import { denseMlp } from '../../../layers/ffn/dense.ts';
import { attentionOf, build, type Family } from '../family.ts';

/** The first Qwen: biases on queries, keys and values; `intermediate_size` counts gate and up together. */
export const qwen: Family = {
  types: ['qwen'],
  read(f, name) {
    const bias = !f.flag('no_bias', true);
    const both = f.count('intermediate_size');
    if (both % 2 !== 0) throw f.odd('intermediate_size', both, 'an even number: gate and up together');
    return build(f, name, 'qwen2', {
      attention: attentionOf(f, { kvHeads: f.count('num_attention_heads'), qkvBias: true, outBias: bias }),
      mlp: denseMlp(both / 2, { bias }),
    });
  },
};
