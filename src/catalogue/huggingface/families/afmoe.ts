import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family, gatedMlp, normsOfHeads } from '../family.ts';
import { allButEvery, rotatedWhereSliding, windowOf } from '../windows.ts';
import { SCALED } from './gemma.ts';

/** Trinity: a gate on the output of attention, windows in three of four layers, which alone rotate; experts after the first layers. */
export const afmoe: Family = {
  types: ['afmoe'],
  read(raw, name) {
    const f = raw.called({ sliding_window_pattern: 'global_attn_every_n_layers' });
    const plain = { ...normsOfHeads(attentionOf(f, { headDim: f.count('head_dim', 128) })), gate: true };
    const attends = rotatedWhereSliding(f, plain, windowOf(f, 1024), allButEvery(f, 4));
    const width = f.count('moe_intermediate_size', 1408);
    const moe = moeMlp(f.count('num_experts', 64), f.count('num_experts_per_tok', 6), width, {
      sharedFfnHiddenSize: width * f.countOrZero('num_shared_experts', 2),
      correctionBias: true,
    });
    const first = f.countOrZero('num_dense_layers', 1);
    const dense = first > 0 ? gatedMlp(f) : moe;
    return build(f, name, 'afmoe', {
      attention: plain,
      mlp: moe,
      layer: (i) => ({ ...attends(i), mlp: i < first ? dense : moe }),
      norm: { kind: 'rms', perLayer: 4 },
      beyondSizes: f.flag('mup_enabled', false) ? [SCALED] : [],
    });
  },
};
