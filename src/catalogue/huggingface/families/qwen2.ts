import { attentionOf, build, type Family, gatedMlp } from '../family.ts';
import { windowedFrom } from '../windows.ts';

/** Biases on queries, keys and values. */
export const qwen2: Family = {
  types: ['qwen2', 'qwen2_vl', 'qwen2_vl_text', 'qwen2_5_vl', 'qwen2_5_vl_text', 'qwen2_5_omni_text', 'mimo'],
  sizes: {
    ...{ vocab_size: 151936, hidden_size: 4096, intermediate_size: 22016 },
    ...{ num_hidden_layers: 32, num_attention_heads: 32 },
  },
  read(f, name) {
    const mimo = f.valueOf('model_type') === 'mimo';
    const full = attentionOf(f, { qkvBias: mimo ? f.flag('attention_bias', true) : true, outBias: false });
    return build(f, name, 'qwen2', {
      attention: full,
      mlp: gatedMlp(f),
      layer: windowedFrom(f, full, 28),
      mtpLayers: mimo ? f.countOrZero('num_nextn_predict_layers') : 0,
    });
  },
};
