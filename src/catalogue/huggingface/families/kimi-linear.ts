import { moeMlp } from '../../../layers/ffn/moe.ts';
import { kimiDeltaMixer } from '../../../layers/mixers/kimi-delta.ts';
import { build, type Family } from '../family.ts';
import type { Fields } from '../fields.ts';
import { latentOf } from '../latent.ts';
import { firstDense } from '../sparse-layers.ts';
import { layerTypes } from '../windows.ts';

const NAMES = {
  num_experts_per_tok: 'num_experts_per_token',
  num_local_experts: 'num_experts',
  n_shared_experts: 'num_shared_experts',
  max_position_embeddings: 'model_max_length',
};

/** Kimi delta attention, latent attention without rotation in the layers that `full_attn_layers` or `layer_types` says; experts after the first layers. */
export const kimiLinear: Family = {
  types: ['kimi_linear'],
  read(raw, name) {
    const f = raw.called(NAMES);
    const own = f.inside('linear_attn_config');
    const linear = kimiDeltaMixer(own.count('num_heads', f.count('linear_num_heads', 32)), {
      headDim: own.count('head_dim', f.count('linear_head_dim', 128)),
      convKernel: own.count('short_conv_kernel_size', f.count('linear_conv_kernel_dim', 4)),
    });
    const latent = latentOf(f);
    const attends = attending(f, own);
    const width = f.count('moe_intermediate_size', 1024);
    const moe = moeMlp(f.count('num_local_experts', 256), f.count('num_experts_per_tok', 8), width, {
      sharedFfnHiddenSize: width * f.countOrZero('n_shared_experts', 1),
      correctionBias: true,
    });
    const mlpOf = firstDense(f, moe, 1);
    return build(f, name, 'kimi_linear', {
      attention: latent,
      mlp: moe,
      layer: (i) => ({ ...mlpOf(i), attention: attends(i) ? latent : linear }),
      mtpLayers: f.countOrZero('num_nextn_predict_layers'),
      beyondSizes: ['latent attention that is not rotated'],
    });
  },
};

/** Its lists count layers from one; without any every fourth attends, from the fifth on. */
function attending(f: Fields, own: Fields): (index: number) => boolean {
  const listed = own.list('full_attn_layers');
  if (listed !== null) return (i) => listed.includes(i + 1);
  const types = layerTypes(f, ['linear_attention', 'full_attention']);
  return types === null ? (i) => i > 0 && i % 4 === 0 : (i) => types[i] === 'full_attention';
}
