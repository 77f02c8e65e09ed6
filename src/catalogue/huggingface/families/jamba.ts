import { moeMlp } from '../../../layers/ffn/moe.ts';
import { mambaMixer } from '../../../layers/mixers/mamba.ts';
import { attentionOf, build, type Family, gatedMlp } from '../family.ts';
import { rankOf } from './mamba.ts';

/** One layer of eight attends, without rotation, the others are Mamba with norms of step, B and C; experts in every second. */
export const jamba: Family = {
  types: ['jamba'],
  foreign: ['mamba_d_state'],
  read(raw, name) {
    const f = raw.usual({ num_key_value_heads: 8 });
    const attention = attentionOf(f, { rope: false });
    const mixer = mambaMixer(
      f.count('mamba_expand', 2) * f.count('hidden_size'),
      rankOf(f, 'mamba_dt_rank'),
      {
        stateSize: f.count('mamba_d_state', 16),
        convKernel: f.count('mamba_d_conv', 4),
        convBias: f.flag('mamba_conv_bias', true),
        projectionBias: f.flag('mamba_proj_bias', false),
        norms: true,
      },
    );
    const mlp = gatedMlp(f);
    const experts = f.count('num_experts', 16);
    const moe = moeMlp(experts, f.count('num_experts_per_tok', Math.min(2, experts)), mlp.ffnHiddenSize);
    const every = (period: string, offset: string, usual: readonly [number, number]) => {
      const [each, first] = [f.count(period, usual[0]), f.countOrZero(offset, usual[1])];
      if (first >= each) throw f.odd(offset, first, `below ${period} ${each}`);
      return (i: number) => i % each === first;
    };
    const attends = every('attn_layer_period', 'attn_layer_offset', [8, 4]);
    const sparse = every('expert_layer_period', 'expert_layer_offset', [2, 1]);
    return build(f, name, 'jamba', {
      attention,
      mlp,
      layer: (i) => ({
        attention: attends(i) ? attention : mixer,
        // One expert is an MLP (configuration_jamba.py: layers_num_experts).
        mlp: sparse(i) && experts > 1 ? moe : mlp,
      }),
    });
  },
};
