import { moeMlp } from '../../../layers/ffn/moe.ts';
import { build, type Family, gatedMlp } from '../family.ts';
import { latentOf } from '../latent.ts';

/** Two layers in each: latent attention, an MLP and the experts beside it; the same without experts. Some experts give back what they are given. */
export const longcat: Family = {
  types: ['longcat_flash'],
  read(raw, name) {
    const names = raw.called({ num_hidden_layers: 'num_layers', intermediate_size: 'ffn_hidden_size' });
    const f = names.with({ num_hidden_layers: 2 * names.count('num_hidden_layers') });
    const dense = gatedMlp(f);
    const idle = f.countOrZero('zero_expert_num');
    const moe = moeMlp(
      f.count('n_routed_experts', 512),
      f.count('moe_topk', 12),
      f.count('expert_ffn_hidden_size', 2048),
      {
        sharedFfnHiddenSize: dense.ffnHiddenSize,
        correctionBias: true,
        routerBias: f.flag('router_bias', false),
        ...(idle > 0 ? { idleExperts: idle } : {}),
      },
    );
    return build(f, name, 'longcat_flash', {
      attention: latentOf(f),
      mlp: dense,
      layer: (i) => ({ mlp: i % 2 === 0 ? moe : dense }),
      beyondSizes: ['experts beside the attention and the MLP after them'],
    });
  },
};
