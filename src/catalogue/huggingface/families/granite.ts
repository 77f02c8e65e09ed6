import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family, gatedMlp, scalings } from '../family.ts';
import { windowed, windowOf } from '../windows.ts';

const MULTIPLIERS = ['embedding_multiplier', 'residual_multiplier', 'attention_multiplier', 'logits_scaling'];

/** A Llama with multipliers. */
export const granite: Family = {
  types: ['granite'],
  read: (f, name) =>
    build(f, name, 'granite', {
      attention: attentionOf(f),
      mlp: gatedMlp(f, f.flag('mlp_bias', false)),
      beyondSizes: scalings(f, MULTIPLIERS),
    }),
};

/** Every fourth layer attends to all, the others over a window; a sink per head. */
export const graniteSwa: Family = {
  types: ['granite_swa'],
  read(f, name) {
    const full = attentionOf(f, { sinks: true });
    return build(f, name, 'granite', {
      attention: full,
      mlp: gatedMlp(f, f.flag('mlp_bias', false)),
      layer: windowed(f, full, windowOf(f, 128), (i) => i % 4 !== 0),
      tied: true,
      beyondSizes: scalings(f, MULTIPLIERS),
    });
  },
};

/** Granite with a norm after each block too, unless it says otherwise. */
export const hyperclova: Family = {
  types: ['hyperclovax'],
  read: (f, name) =>
    build(f, name, 'hyperclovax', {
      attention: attentionOf(f),
      mlp: gatedMlp(f, f.flag('mlp_bias', false)),
      norm: { kind: 'rms', perLayer: f.flag('use_post_norm', true) ? 4 : 2 },
      beyondSizes: scalings(f, MULTIPLIERS),
    }),
};

/** Experts in all layers, and a shared one where its width is stated. */
export const graniteMoe: Family = {
  types: ['granitemoe', 'granitemoeshared'],
  read: (f, name) =>
    build(f, name, 'granitemoe', {
      attention: attentionOf(f),
      mlp: moeMlp(
        f.count('num_local_experts', 8),
        f.count('num_experts_per_tok', 2),
        f.count('intermediate_size'),
        { sharedFfnHiddenSize: f.countOrZero('shared_intermediate_size') },
      ),
      beyondSizes: scalings(f, MULTIPLIERS),
    }),
};
