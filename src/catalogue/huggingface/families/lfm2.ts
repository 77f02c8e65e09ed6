import { moeMlp } from '../../../layers/ffn/moe.ts';
import { convolutionMixer } from '../../../layers/mixers/short-convolution.ts';
import { attentionOf, build, type Family, gatedMlp, normsOfHeads } from '../family.ts';
import type { Fields } from '../fields.ts';
import { layerTypes } from '../windows.ts';

/** Short convolutions in most layers, attention in those that `layer_types` or `full_attn_idxs` says; of lfm2_moe experts after the first layers. */
export const lfm2: Family = {
  types: ['lfm2', 'lfm2_moe'],
  read(raw, name) {
    const f = raw
      .called({ intermediate_size: raw.has('block_ff_dim') ? 'block_ff_dim' : 'intermediate_size' })
      .usual({ num_key_value_heads: 8 });
    const sparse = f.valueOf('model_type') === 'lfm2_moe';
    const full = normsOfHeads(attentionOf(f, { qkvBias: false, outBias: false }));
    const width = f.count('conv_dim', f.count('hidden_size'));
    if (width !== f.count('hidden_size'))
      throw f.odd('conv_dim', width, `as hidden_size ${f.count('hidden_size')}`);
    const convolution = convolutionMixer(width, f.count('conv_L_cache', 3), f.flag('conv_bias', false));
    const types = layerTypes(f, ['conv', 'short_conv', 'full_attention']);
    const listed = f.list('full_attn_idxs');
    const attends = (i: number) =>
      types === null ? listed === null || listed.includes(i) : types[i] === 'full_attention';
    const mlp = { ...gatedMlp(f), ffnHiddenSize: sparse ? f.count('intermediate_size') : ffnOf(f) };
    const moe = sparse
      ? moeMlp(
          f.count('num_experts', 32),
          f.count('num_experts_per_tok', 4),
          f.count('moe_intermediate_size', 1792),
          {
            correctionBias: f.flag('use_expert_bias', true),
          },
        )
      : mlp;
    const dense = f.countOrZero('num_dense_layers', 2);
    return build(f, name, 'lfm2', {
      attention: full,
      mlp,
      layer: (i) => ({ attention: attends(i) ? full : convolution, mlp: i < dense ? mlp : moe }),
      tied: f.flag('tie_embedding', true),
    });
  },
};

/** Two thirds of what is stated, times a factor, up to the next multiple, unless it says otherwise (modeling_lfm2.py, Lfm2MLP). */
function ffnOf(f: Fields): number {
  const stated = f.count('intermediate_size');
  if (!f.flag('block_auto_adjust_ff_dim', true)) return stated;
  const factor = f.valueOf('block_ffn_dim_multiplier') ?? 1;
  if (typeof factor !== 'number' || !(factor > 0))
    throw f.odd('block_ffn_dim_multiplier', factor, 'a number above zero');
  const multiple = f.count('block_multiple_of', 256);
  return multiple * Math.ceil(Math.floor(factor * Math.floor((2 * stated) / 3)) / multiple);
}
