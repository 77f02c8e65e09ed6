import type { AttentionBesideMamba } from '../../../layers/mixers/attention-beside-mamba.ts';
import { attentionOf, build, type Family, gatedMlp, scalings } from '../family.ts';
import { mamba2Of } from '../state-space.ts';

const MULTIPLIERS = [
  ...['embedding_multiplier', 'lm_head_multiplier', 'key_multiplier'],
  ...['attention_in_multiplier', 'attention_out_multiplier', 'ssm_in_multiplier', 'ssm_out_multiplier'],
];

/** Attention and Mamba-2 side by side in every layer, with multipliers. */
export const falconH1: Family = {
  types: ['falcon_h1'],
  foreign: ['mamba_d_state'],
  read(raw, name) {
    const f = raw.usual({ num_key_value_heads: 8 });
    const usual = f.count('mamba_expand', 2) * f.count('hidden_size');
    const backBias = f.flag('projectors_bias', false);
    if (backBias !== f.flag('mamba_proj_bias', false))
      throw f.odd('projectors_bias', backBias, 'as mamba_proj_bias: one switch for both projections here');
    const mixer: AttentionBesideMamba = {
      kind: 'attention-beside-mamba',
      attention: attentionOf(f),
      mamba: mamba2Of(f, f.has('mamba_d_ssm') ? f.count('mamba_d_ssm') : usual, {
        norm: f.flag('mamba_rms_norm', false),
      }),
    };
    return build(f, name, 'falcon_h1', {
      attention: mixer,
      mlp: gatedMlp(f, f.flag('mlp_bias', false)),
      beyondSizes: scalings(f, MULTIPLIERS),
    });
  },
};
