import { moeMlp } from '../../../layers/ffn/moe.ts';
import type { SoftmaxAttention } from '../../../layers/mixers/softmax.ts';
import { attentionOf, build, type Family, scalings } from '../family.ts';
import type { Fields } from '../fields.ts';
import { firstDense } from '../sparse-layers.ts';
import { layerTypes, windowOf } from '../windows.ts';

/** Values narrower than keys; layers that slide have heads and sinks of their own; experts after the first layer. */
export const mimoV2: Family = {
  types: ['mimo_v2_flash'],
  read(raw, name) {
    const f = raw.usual({ v_head_dim: 128, head_dim: 192, num_key_value_heads: 4, sliding_window: 128 });
    const bias = { qkvBias: f.flag('attention_bias', false), outBias: false };
    const full = attentionOf(f, { ...bias, valueHeadDim: f.count('v_head_dim') });
    const sliding = slidingOf(f, full);
    const width = f.count('moe_intermediate_size', 2048);
    const moe = moeMlp(f.count('n_routed_experts', 256), f.count('num_experts_per_tok', 8), width, {
      sharedFfnHiddenSize: width * f.countOrZero('n_shared_experts'),
      correctionBias: true,
    });
    const slides = pattern(f);
    const mlpOf = firstDense(listedSparse(f), moe, 1);
    return build(f, name, 'mimo_v2', {
      attention: full,
      mlp: moe,
      layer: (i) => ({ ...mlpOf(i), attention: slides(i) ? sliding : full }),
      mtpLayers: f.countOrZero('num_nextn_predict_layers'),
      beyondSizes: scalings(f, ['attention_value_scale']),
    });
  },
};

/** Twice the key-value heads where the config does not say (modeling_mimo_v2_flash.py of transformers). */
function slidingOf(f: Fields, full: SoftmaxAttention): SoftmaxAttention {
  const heads = f.count('swa_num_attention_heads', full.heads);
  const kvHeads = f.count('swa_num_key_value_heads', 2 * full.kvHeads);
  if (heads % kvHeads !== 0) throw f.odd('swa_num_key_value_heads', kvHeads, `a divisor of ${heads} heads`);
  return {
    ...full,
    ...{ heads, kvHeads },
    headDim: f.count('swa_head_dim', full.headDim),
    valueHeadDim: f.count('swa_v_head_dim', f.count('v_head_dim')),
    sinks: f.flag('add_swa_attention_sink_bias', true),
    slidingWindow: windowOf(f),
  };
}

/** One for each layer that slides, or `layer_types`; the first and every sixth attend to all where neither is said. */
function pattern(f: Fields): (index: number) => boolean {
  const listed = f.list('hybrid_layer_pattern');
  if (listed !== null) return (i) => listed[i] === 1;
  const types = layerTypes(f, ['full_attention', 'sliding_attention']);
  return types === null ? (i) => i > 0 && (i + 1) % 6 !== 0 : (i) => types[i] === 'sliding_attention';
}

/** `moe_layer_freq` has a one for each layer with experts. */
function listedSparse(f: Fields): Fields {
  const listed = f.valueOf('moe_layer_freq');
  if (!Array.isArray(listed)) return f;
  const types = listed.map((one) => (one === 0 ? 'dense' : 'sparse'));
  return f.with({ moe_layer_freq: null, mlp_layer_types: types });
}
