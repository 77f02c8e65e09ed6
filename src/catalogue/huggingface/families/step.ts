import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family, normsOfHeads } from '../family.ts';
import type { Fields } from '../fields.ts';
import { firstDense } from '../sparse-layers.ts';
import { layerTypes, windowOf } from '../windows.ts';

const NAMES = {
  num_key_value_heads: 'num_attention_groups',
  n_routed_experts: 'moe_num_experts',
  num_experts_per_tok: 'moe_top_k',
};

/** A gate for each head of attention, more heads in layers that slide; experts and a shared one in the layers that `moe_layers_enum` or `mlp_layer_types` says. */
export const step: Family = {
  types: ['step3p5'],
  read(raw, name) {
    const f = raw.called(NAMES).usual({ head_dim: 128, num_key_value_heads: 8 });
    if (f.flag('mlp_bias', false))
      throw f.odd('mlp_bias', true, 'false: biases of shared experts are not modelled');
    const full = { ...normsOfHeads(attentionOf(f)), headGate: f.flag('use_head_wise_attn_gate', true) };
    const sliding = { ...full, heads: slidingHeads(f), slidingWindow: windowOf(f) };
    if (sliding.heads % full.kvHeads !== 0)
      throw f.odd('attention_other_setting', sliding.heads, `a multiple of ${full.kvHeads} key-value heads`);
    const types = layerTypes(f, ['full_attention', 'sliding_attention']);
    const width = f.count('moe_intermediate_size', 1280);
    const moe = moeMlp(f.count('n_routed_experts', 288), f.count('num_experts_per_tok', 8), width, {
      sharedFfnHiddenSize: f.count(
        f.has('share_expert_dims') ? 'share_expert_dims' : 'share_expert_dim',
        1280,
      ),
      correctionBias: true,
    });
    const mlpOf = firstDense(listedSparse(f), moe, 3);
    return build(f, name, 'step3p5', {
      attention: full,
      mlp: moe,
      layer: (i) => ({ ...mlpOf(i), attention: types?.[i] === 'sliding_attention' ? sliding : full }),
      mtpLayers: f.countOrZero('num_nextn_predict_layers'),
      beyondSizes: ['norms whose weight is added to one'],
    });
  },
};

function slidingHeads(f: Fields): number {
  const heads = f.count('num_attention_heads');
  const other = f.inside('attention_other_setting').count('num_attention_heads', heads);
  return f.count('num_sliding_attention_heads', other);
}

/** `moe_layers_enum` lists layers with experts, as a list or with commas. */
function listedSparse(f: Fields): Fields {
  const listed = f.valueOf('moe_layers_enum');
  if (f.has('mlp_layer_types') || listed === undefined || listed === null) return f;
  const sparse = new Set((Array.isArray(listed) ? listed : String(listed).split(',')).map(Number));
  const layers = Array.from({ length: f.count('num_hidden_layers') }, (_, i) => i);
  return f.with({ mlp_layer_types: layers.map((i) => (sparse.has(i) ? 'sparse' : 'dense')) });
}
