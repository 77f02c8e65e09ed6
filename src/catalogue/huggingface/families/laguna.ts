import { moeMlp } from '../../../layers/ffn/moe.ts';
import type { SoftmaxAttention } from '../../../layers/mixers/softmax.ts';
import { attentionOf, build, type Family, normsOfHeads } from '../family.ts';
import type { Fields } from '../fields.ts';
import { firstDense } from '../sparse-layers.ts';
import { windowed, windowOf } from '../windows.ts';

/** A gate for each head of attention, heads by layer, windows where `layer_types` says so; experts in all layers but those that are said. */
export const laguna: Family = {
  types: ['laguna'],
  read(f, name) {
    const attends = attentions(f);
    const width = f.count('moe_intermediate_size', 512);
    const moe = moeMlp(f.count('num_experts', 256), f.count('num_experts_per_tok', 8), width, {
      sharedFfnHiddenSize: f.countOrZero('shared_expert_intermediate_size', 512),
      correctionBias: true,
    });
    const mlpOf = firstDense(f, moe, 1);
    return build(f, name, 'laguna', {
      attention: attends(0),
      mlp: moe,
      layer: (i) => ({ ...mlpOf(i), attention: attends(i) }),
    });
  },
};

function attentions(f: Fields): (index: number) => SoftmaxAttention {
  const layers = f.count('num_hidden_layers');
  const listed = f.list('num_attention_heads_per_layer');
  if (listed !== null && listed.length < layers)
    throw f.odd('num_attention_heads_per_layer', listed, `heads of each of ${layers} layers`);
  const gating = f.valueOf('gating') ?? true;
  const gate = gating === true || gating === 'per-head' ? { headGate: true } : { gate: true };
  const window = windowOf(f, 512);
  const known = new Map<number, (index: number) => { attention: SoftmaxAttention }>();
  return (i) => {
    const heads = Number(listed?.[i] ?? f.count('num_attention_heads', 48));
    let one = known.get(heads);
    if (one === undefined) {
      const own = f.with({ num_attention_heads: heads }).usual({ num_key_value_heads: 8, head_dim: 128 });
      one = windowed(f, { ...normsOfHeads(attentionOf(own)), ...gate }, window, () => false);
      known.set(heads, one);
    }
    return one(i).attention;
  };
}
