import { type Mamba2, mamba2Mixer } from '../../layers/mixers/mamba2.ts';
import type { Fields } from './fields.ts';

/** Mamba-2 as bamba, granitemoehybrid and falcon_h1 name it; `width`: of all heads together, which must agree where it is stated. */
export function mamba2Of(f: Fields, width: number, over: Partial<Mamba2> = {}): Mamba2 {
  const heads = f.count('mamba_n_heads', 128);
  const stated = f.valueOf('mamba_d_head');
  const headDim = stated === undefined || stated === 'auto' ? width / heads : f.count('mamba_d_head');
  if (headDim * heads !== width)
    throw f.odd('mamba_n_heads', heads, `${width} over heads of mamba_d_head ${headDim}`);
  const groups = f.count('mamba_n_groups', 1);
  if (heads % groups !== 0) throw f.odd('mamba_n_groups', groups, `a divisor of mamba_n_heads ${heads}`);
  return mamba2Mixer(heads, headDim, f.count('mamba_d_state', 256), {
    groups,
    convKernel: f.count('mamba_d_conv', 4),
    convBias: f.flag('mamba_conv_bias', true),
    projectionBias: f.flag('mamba_proj_bias', false),
    chunk: f.count('mamba_chunk_size', 256),
    ...over,
  });
}
