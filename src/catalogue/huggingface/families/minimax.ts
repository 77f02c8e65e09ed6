import { moeMlp } from '../../../layers/ffn/moe.ts';
import { lightningMixer } from '../../../layers/mixers/lightning.ts';
import { attentionOf, build, type Family, scalings } from '../family.ts';
import type { Fields } from '../fields.ts';
import { layerTypes } from '../windows.ts';

/** Factors of the residual stream, which is what the norm puts out. */
const FACTORS = ['full_attn', 'linear_attn', 'mlp'].flatMap((part) => [
  `${part}_alpha_factor`,
  `${part}_beta_factor`,
]);

/** MiniMax-01: lightning attention in most layers, attention in those that `layer_types` or `attn_type_list` says; experts in all. */
export const minimaxText: Family = {
  types: ['minimax', 'minimax_text_01'],
  read(raw, name) {
    const f = raw.usual({ num_key_value_heads: 8, num_local_experts: 8, num_experts_per_tok: 2 });
    if (f.countOrZero('shared_intermediate_size') > 0)
      throw f.odd(
        'shared_intermediate_size',
        f.valueOf('shared_intermediate_size'),
        '0: a shared expert is not known here',
      );
    const full = attentionOf(f, { qkvBias: false, outBias: false });
    const linear = lightningMixer(full.heads, full.headDim, f.count('block_size', 256));
    const attends = attendsOf(f);
    return build(f, name, 'minimax', {
      attention: full,
      mlp: moeMlp(f.count('num_local_experts'), f.count('num_experts_per_tok'), f.count('intermediate_size')),
      layer: (i) => ({ attention: attends(i) ? full : linear }),
      beyondSizes: scalings(f, FACTORS),
    });
  },
};

/** Every second layer where neither list is there (MiniMaxConfig); a 1 of `attn_type_list` attends. */
function attendsOf(f: Fields): (index: number) => boolean {
  const types = layerTypes(f, ['full_attention', 'linear_attention']);
  if (types !== null) return (i) => types[i] === 'full_attention';
  const list = f.list('attn_type_list');
  if (list === null) return (i) => i % 2 === 1;
  const layers = f.count('num_hidden_layers');
  if (list.length !== layers)
    throw f.odd('num_hidden_layers', layers, `the ${list.length} layers of attn_type_list`);
  return (i) => list[i] === 1;
}
