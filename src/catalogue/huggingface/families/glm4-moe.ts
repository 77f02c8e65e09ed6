import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family, normsOfHeads } from '../family.ts';
import { firstDense } from '../sparse-layers.ts';

/** Experts after the first layers, a shared one, a correction of the router's scores; dots1 and solar_open are much the same. */
export const glm4Moe: Family = {
  types: ['glm4_moe', 'glm4v_moe_text', 'dots1', 'solar_open'],
  read(f, name) {
    const type = f.valueOf('model_type');
    const dots = type === 'dots1';
    const width = f.count('moe_intermediate_size');
    const headDim = type === 'solar_open' ? { headDim: f.count('head_dim', 128) } : {};
    const bias = f.flag('attention_bias', type === 'glm4v_moe_text');
    const plain = attentionOf(f, { ...headDim, qkvBias: bias, outBias: dots && bias });
    const moe = moeMlp(f.count('n_routed_experts'), f.count('num_experts_per_tok'), width, {
      sharedFfnHiddenSize: width * f.countOrZero('n_shared_experts', 1),
      correctionBias: true,
    });
    return build(f, name, 'glm4_moe', {
      attention: dots || f.flag('use_qk_norm', false) ? normsOfHeads(plain) : plain,
      mlp: moe,
      layer: type === 'solar_open' ? () => ({ mlp: moe }) : firstDense(f, moe),
      mtpLayers: f.countOrZero('num_nextn_predict_layers'),
    });
  },
};
