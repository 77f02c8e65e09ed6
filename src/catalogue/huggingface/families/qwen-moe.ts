import { moeMlp } from '../../../layers/ffn/moe.ts';
import type { SoftmaxAttention } from '../../../layers/mixers/softmax.ts';
import { attentionOf, build, type Family, normsOfHeads } from '../family.ts';
import type { Fields } from '../fields.ts';
import { everyStep } from '../sparse-layers.ts';
import { windowed, windowedFrom, windowOf } from '../windows.ts';

/** Biases of queries, keys and values and a gated shared expert (qwen2), or norms of queries and keys and none (qwen3). */
export const qwenMoe: Family = {
  types: ['qwen2_moe', 'qwen3_moe', 'qwen3_vl_moe_text', 'qwen3_omni_moe_text'],
  read(f, name) {
    const third = f.valueOf('model_type') !== 'qwen2_moe';
    const full = third
      ? normsOfHeads(attentionOf(f))
      : attentionOf(f, { qkvBias: f.flag('qkv_bias', true), outBias: false });
    const moe = moeMlp(
      f.count('num_experts', third ? 128 : 60),
      f.count('num_experts_per_tok', third ? 8 : 4),
      f.count('moe_intermediate_size', third ? 768 : 1408),
      {
        sharedFfnHiddenSize: third ? 0 : f.count('shared_expert_intermediate_size', 5632),
        sharedGate: !third,
      },
    );
    const mlpOf = everyStep(f, moe);
    const attends = third ? windowedFrom(f, full, 0) : alternating(f, full);
    return build(f, name, 'qwen_moe', {
      attention: full,
      mlp: moe,
      layer: (i) => ({ ...mlpOf(i), ...attends(i) }),
    });
  },
};

/** Every second of the layers before `max_window_layers` slides (configuration_qwen2_moe.py). */
function alternating(f: Fields, full: SoftmaxAttention) {
  const window = f.flag('use_sliding_window', false) ? windowOf(f, 4096) : null;
  const end = f.countOrZero('max_window_layers', 28);
  return windowed(f, full, window, (i) => (i + 1) % 2 !== 0 && i < end);
}
