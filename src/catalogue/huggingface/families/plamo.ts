import { mambaMixer } from '../../../layers/mixers/mamba.ts';
import { attentionOf, build, type Family, gatedMlp, normsOfAllHeads } from '../family.ts';

/** Mamba of heads, with norms of step, B and C, in all but one of `mamba_step` layers; four norms a layer (vllm, models/plamo2.py@002fb90). */
export const plamo2: Family = {
  types: ['plamo2'],
  foreign: ['mamba_d_state', 'mamba_num_heads'],
  read(raw, name) {
    const f = raw.called({ head_dim: 'hidden_size_per_head' });
    const full = normsOfAllHeads(attentionOf(f));
    const heads = f.count('mamba_num_heads', 64);
    const rank = Math.max(64, Math.floor(f.count('hidden_size') / 16));
    const mamba = mambaMixer(heads * f.count('head_dim'), rank, {
      heads,
      stateSize: f.count('mamba_d_state', 64),
      convKernel: f.count('mamba_d_conv', 4),
      convBias: false,
      norms: true,
    });
    const layers = f.count('num_hidden_layers');
    const step = f.count('mamba_step', 2);
    if (step < 2) throw f.odd('mamba_step', step, '2 or more: one layer of so many attends');
    const half = Math.floor(step / 2);
    const attends = (i: number) => (layers <= half ? i === layers - 1 : i % step === half);
    const all = (f.list('full_attention_idx') ?? []).map(Number);
    const window = f.has('attention_window_size') ? f.count('attention_window_size') : null;
    const sliding = { ...full, slidingWindow: window };
    return build(f, name, 'plamo2', {
      attention: full,
      mlp: gatedMlp(f),
      layer: (i) => ({ attention: attends(i) ? (all.includes(i) ? full : sliding) : mamba }),
      norm: { kind: 'rms', perLayer: 4 },
      tied: true,
    });
  },
};
