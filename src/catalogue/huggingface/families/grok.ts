import { moeMlp } from '../../../layers/ffn/moe.ts';
import { activationOf, attentionOf, build, type Family, scalings } from '../family.ts';

const SCALES = [
  'embedding_multiplier_scale',
  'output_multiplier_scale',
  'attn_output_multiplier',
  'max_attn_value',
];

/** Four norms a layer, gated GELU experts in all layers, tied head (xai-org/grok-1, model.py and run.py). */
export const grok: Family = {
  types: ['grok-1', 'grok1'],
  read(f, name) {
    return build(f, name, 'grok', {
      attention: attentionOf(f),
      mlp: moeMlp(
        f.count('num_experts', 8),
        f.count('num_experts_per_tok', 2),
        f.count('intermediate_size'),
        {
          ...activationOf(f, true, 'gelu'),
        },
      ),
      norm: { kind: 'rms', perLayer: 4 },
      tied: true,
      beyondSizes: scalings(f, SCALES),
    });
  },
};
