import { mambaMixer } from '../../../layers/mixers/mamba.ts';
import { mamba2Mixer } from '../../../layers/mixers/mamba2.ts';
import { build, type Family } from '../family.ts';
import type { Fields } from '../fields.ts';

/** Mamba layers and nothing else; falcon_mamba norms step, B and C without weights. */
export const mamba: Family = {
  types: ['mamba', 'falcon_mamba'],
  read(f, name) {
    const width = f.count('intermediate_size', f.count('expand', 2) * f.count('hidden_size'));
    const rank = rankOf(f, 'time_step_rank');
    const mixer = mambaMixer(width, rank, {
      stateSize: f.count('state_size', 16),
      convKernel: f.count('conv_kernel', 4),
      convBias: f.flag('use_conv_bias', true),
      projectionBias: f.flag('use_bias', false),
    });
    return build(f, name, 'mamba', {
      attention: mixer,
      mlp: mixer,
      layer: () => ({ mlp: null }),
      tied: true,
    });
  },
};

/** Mamba-2 layers and nothing else. */
export const mamba2: Family = {
  types: ['mamba2'],
  read(f, name) {
    const heads = f.count('num_heads', 128);
    const headDim = f.count('head_dim', 64);
    const width = f.count('expand', 2) * f.count('hidden_size', 4096);
    if (heads * headDim !== width)
      throw f.odd('num_heads', heads, `expand · hidden_size ${width} over heads of ${headDim}`);
    const groups = f.count('n_groups', 8);
    if (heads % groups !== 0) throw f.odd('n_groups', groups, `a divisor of num_heads ${heads}`);
    const mixer = mamba2Mixer(heads, headDim, f.count('state_size', 128), {
      groups,
      convKernel: f.count('conv_kernel', 4),
      convBias: f.flag('use_conv_bias', true),
      projectionBias: f.flag('use_bias', false),
      chunk: f.count('chunk_size', 256),
    });
    return build(f, name, 'mamba2', { attention: mixer, mlp: mixer, layer: () => ({ mlp: null }) });
  },
};

/** `auto`: a sixteenth of the hidden size, rounded up. */
export function rankOf(f: Fields, key: string): number {
  const stated = f.valueOf(key);
  return stated === undefined || stated === 'auto' ? Math.ceil(f.count('hidden_size') / 16) : f.count(key);
}
