import { deltaNet } from '../../../layers/mixers/gated-delta-net.ts';
import { attentionOf, build, type Family, gatedMlp, normsOfAllHeads } from '../family.ts';
import { layerTypes } from '../windows.ts';

/** Gated delta nets with norms before them, and every fourth layer, and the last, Olmo 3's attention with norms after; not rotated where the config has no base. */
export const olmoHybrid: Family = {
  types: ['olmo_hybrid'],
  foreign: ['linear_num_key_heads'],
  read(f, name) {
    const rotates = f.has('rope_parameters') || f.has('rope_theta');
    const full = { ...normsOfAllHeads(attentionOf(f)), ...(rotates ? {} : { rope: false }) };
    const heads = f.count('num_attention_heads');
    const keyHeads = f.count('linear_num_key_heads', heads);
    const keyHeadDim = f.count('linear_key_head_dim', Math.floor((0.75 * f.count('hidden_size')) / keyHeads));
    const linear = deltaNet(keyHeads, f.count('linear_num_value_heads', heads), {
      keyHeadDim,
      valueHeadDim: f.count('linear_value_head_dim', 2 * keyHeadDim),
      convKernel: f.count('linear_conv_kernel_dim', 4),
    });
    if (linear.valueHeads % linear.keyHeads !== 0)
      throw f.odd('linear_num_value_heads', linear.valueHeads, `a multiple of ${linear.keyHeads} key heads`);
    const layers = f.count('num_hidden_layers');
    const types = layerTypes(f, ['linear_attention', 'full_attention']);
    const every = (i: number) => i % 4 === 3 || (layers < 4 && i === layers - 1);
    return build(f, name, 'olmo_hybrid', {
      attention: full,
      mlp: gatedMlp(f),
      layer: (i) => ({
        attention: (types === null ? every(i) : types[i] === 'full_attention') ? full : linear,
      }),
      beyondSizes: ['norms after attention, before delta nets'],
    });
  },
};
