import { moeMlp } from '../../../layers/ffn/moe.ts';
import { deltaNet } from '../../../layers/mixers/gated-delta-net.ts';
import { attentionOf, build, type Family, gatedMlp, normsOfHeads } from '../family.ts';
import type { Fields } from '../fields.ts';
import { everyStep } from '../sparse-layers.ts';
import { layerTypes } from '../windows.ts';

/** Three of four layers are gated delta nets, the fourth attends with a gate on its output; experts with a gated shared one, or a plain MLP (qwen3_5_text). */
export const qwen3Next: Family = {
  types: ['qwen3_next', 'qwen3_5_moe_text', 'qwen3_5_text', 'qwen3_5_moe', 'qwen3_5'],
  foreign: ['linear_num_key_heads'],
  read(raw, name) {
    const f = raw.usual({ head_dim: 256, num_key_value_heads: 2 });
    const full = { ...normsOfHeads(attentionOf(f)), gate: f.flag('attn_output_gate', true) };
    const linear = deltaNet(f.count('linear_num_key_heads', 16), f.count('linear_num_value_heads', 32), {
      keyHeadDim: f.count('linear_key_head_dim', 128),
      valueHeadDim: f.count('linear_value_head_dim', 128),
      convKernel: f.count('linear_conv_kernel_dim', 4),
    });
    if (linear.valueHeads % linear.keyHeads !== 0)
      throw f.odd('linear_num_value_heads', linear.valueHeads, `a multiple of ${linear.keyHeads} key heads`);
    const types = layerTypes(f, ['linear_attention', 'full_attention']);
    const every = f.count('full_attention_interval', 4);
    const attends = (i: number) => (types === null ? (i + 1) % every === 0 : types[i] === 'full_attention');
    const mlpOf = mlpsOf(f);
    return build(f, name, 'qwen3_next', {
      attention: full,
      mlp: mlpOf(0).mlp,
      layer: (i) => ({ ...mlpOf(i), attention: attends(i) ? full : linear }),
      mtpLayers: f.countOrZero('mtp_num_hidden_layers'),
    });
  },
};

/** Experts by `decoder_sparse_step` and `mlp_only_layers` where there are any. */
function mlpsOf(f: Fields) {
  if (/^qwen3_5(_text)?$/.test(String(f.valueOf('model_type')))) {
    const mlp = gatedMlp(f);
    return () => ({ mlp });
  }
  const next = f.valueOf('model_type') === 'qwen3_next';
  const moe = moeMlp(
    f.count('num_experts', next ? 512 : 256),
    f.count('num_experts_per_tok', next ? 10 : 8),
    f.count('moe_intermediate_size', 512),
    { sharedFfnHiddenSize: f.count('shared_expert_intermediate_size', 512), sharedGate: true },
  );
  return everyStep(f, moe);
}
