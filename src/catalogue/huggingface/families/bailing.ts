import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family, normsOfHeads } from '../family.ts';
import { firstDense } from '../sparse-layers.ts';

/** Ling: experts after the first layers, shared ones beside them; of the second version a correction of the router's scores. */
export const bailing: Family = {
  types: ['bailing_moe', 'bailing_moe_v2'],
  read(f, name) {
    const width = f.count('moe_intermediate_size');
    const plain = attentionOf(f, {
      qkvBias: f.flag('use_qkv_bias', false),
      outBias: f.flag('use_bias', false),
    });
    const second = f.valueOf('model_type') === 'bailing_moe_v2';
    const shared = f.count('moe_shared_expert_intermediate_size', width);
    const moe = moeMlp(f.count('num_experts'), f.count('num_experts_per_tok'), width, {
      sharedFfnHiddenSize: shared * f.countOrZero('num_shared_experts'),
      correctionBias: f.flag('moe_router_enable_expert_bias', second),
    });
    return build(f, name, 'bailing_moe', {
      attention: f.flag('use_qk_norm', second) ? normsOfHeads(plain) : plain,
      mlp: moe,
      layer: firstDense(f, moe),
      mtpLayers: f.countOrZero('num_nextn_predict_layers'),
      beyondSizes: f.flag('norm_head', false) ? ['a head of normed weights'] : [],
    });
  },
};
