import { denseMlp } from '../../../layers/ffn/dense.ts';
import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family, gatedMlp, scalings } from '../family.ts';
import { mamba2Of } from '../state-space.ts';
import { layerTypes, windowed, windowOf } from '../windows.ts';

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

/** Experts in all layers; every fourth attends to all, the others over a window; a sink per head. */
export const graniteMoeSwa: Family = {
  types: ['granitemoe_swa'],
  read(f, name) {
    const full = attentionOf(f, { sinks: true });
    return build(f, name, 'granitemoe', {
      attention: full,
      mlp: moeMlp(
        f.count('num_local_experts', 8),
        f.count('num_experts_per_tok', 2),
        f.count('intermediate_size'),
        { sharedFfnHiddenSize: f.countOrZero('shared_intermediate_size') },
      ),
      layer: windowed(f, full, windowOf(f, 128), (i) => i % 4 !== 0),
      beyondSizes: scalings(f, MULTIPLIERS),
    });
  },
};

/** Mamba-2 in most layers, attention in those that `layer_types` says, rotated only where it says so; a shared MLP beside the experts, or alone. */
export const graniteHybrid: Family = {
  types: ['granitemoehybrid'],
  foreign: ['mamba_d_state'],
  read(f, name) {
    const attention = attentionOf(f, f.valueOf('position_embedding_type') === 'rope' ? {} : { rope: false });
    const mixer = mamba2Of(f, f.count('mamba_expand', 2) * f.count('hidden_size'));
    const shared = f.count('shared_intermediate_size', 1024);
    const experts = f.countOrZero('num_local_experts', 8);
    const mlp =
      experts === 0
        ? denseMlp(shared)
        : moeMlp(experts, f.count('num_experts_per_tok', 2), f.count('intermediate_size'), {
            sharedFfnHiddenSize: shared,
          });
    const types = layerTypes(f, ['mamba', 'linear_attention', 'attention', 'full_attention']);
    return build(f, name, 'granitemoehybrid', {
      attention,
      mlp,
      layer: (i) => ({
        attention: types === null || /^(mamba|linear_attention)$/.test(String(types[i])) ? mixer : attention,
      }),
      beyondSizes: scalings(f, MULTIPLIERS),
    });
  },
};

/** Mamba-2 in all layers but those of `attn_layer_indices`. */
export const bamba: Family = {
  types: ['bamba'],
  foreign: ['mamba_d_state'],
  read(raw, name) {
    const f = raw.usual({ num_key_value_heads: 8, hidden_size: 4096, intermediate_size: 14336 });
    const attention = attentionOf(f);
    const mixer = mamba2Of(f, f.count('mamba_expand', 2) * f.count('hidden_size'));
    const attending = (f.list('attn_layer_indices') ?? []).map(Number);
    return build(f, name, 'bamba', {
      attention,
      mlp: gatedMlp(f, f.flag('mlp_bias', false)),
      layer: (i) => ({ attention: attending.includes(i) ? attention : mixer }),
    });
  },
};
