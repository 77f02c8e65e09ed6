import { attentionOf, build, type Family, gatedMlp, scalings } from '../family.ts';
import { allButEvery, rotatedWhereSliding, windowOf } from '../windows.ts';

/** A gate on the output of attention, norms of queries and keys without weights, four norms a layer; three of four layers slide and rotate. */
export const muse: Family = {
  types: ['muse_glimmer_text'],
  read(raw, name) {
    const f = raw.usual({ head_dim: 128, num_key_value_heads: 2 });
    const plain = { ...attentionOf(f), gate: true };
    return build(f, name, 'muse_glimmer', {
      attention: plain,
      mlp: gatedMlp(f),
      layer: rotatedWhereSliding(f, plain, windowOf(f, 2048), allButEvery(f, 4)),
      norm: { kind: 'rms', perLayer: 4 },
      logitSoftCap: f.has('final_logit_softcapping'),
      beyondSizes: [
        'norms of queries and keys without weights',
        ...scalings(f, ['final_logit_softcapping', 'qk_scale_factor', 'output_multiplier']),
      ],
    });
  },
};
