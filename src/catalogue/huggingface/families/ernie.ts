import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family, gatedMlp } from '../family.ts';

/** One switch for biases on all linear layers. */
export const ernie: Family = {
  types: ['ernie4_5'],
  read(f, name) {
    const bias = f.flag('use_bias', false);
    return build(f, name, 'ernie4_5', {
      attention: attentionOf(f, { qkvBias: bias, outBias: bias }),
      mlp: gatedMlp(f, bias),
      tied: true,
    });
  },
};

/** Experts from `moe_layer_start_index` to `moe_layer_end_index`, shared ones beside them, a correction of the router's scores. */
export const ernieMoe: Family = {
  types: ['ernie4_5_moe'],
  read(f, name) {
    const bias = f.flag('use_bias', false);
    if (bias) throw f.odd('use_bias', true, 'false: biases of shared experts are not modelled');
    const width = f.count('moe_intermediate_size', 1536);
    const moe = moeMlp(f.count('moe_num_experts', 64), f.count('moe_k', 6), width, {
      sharedFfnHiddenSize: width * f.countOrZero('moe_num_shared_experts', 2),
      correctionBias: true,
    });
    const first = f.countOrZero('moe_layer_start_index', 1);
    const end = f.valueOf('moe_layer_end_index') ?? -1;
    const last = end === -1 ? f.count('num_hidden_layers') - 1 : f.countOrZero('moe_layer_end_index');
    const every = f.count('moe_layer_interval', 1);
    const dense = gatedMlp(f);
    return build(f, name, 'ernie4_5_moe', {
      attention: attentionOf(f, { qkvBias: false, outBias: false }),
      mlp: moe,
      layer: (i) => ({ mlp: (i + 1) % every === 0 && i >= first && i <= last ? moe : dense }),
      tied: true,
      mtpLayers: f.countOrZero('num_nextn_predict_layers'),
    });
  },
};
