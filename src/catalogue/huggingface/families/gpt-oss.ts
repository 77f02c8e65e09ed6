import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family } from '../family.ts';
import { windowed, windowOf } from '../windows.ts';

/** Sliding and full attention alternate; biases on every linear and on the router; one sink per head. */
export const gptOss: Family = {
  types: ['gpt_oss'],
  read(f, name) {
    const full = attentionOf(f, {
      headDim: f.count('head_dim', 64),
      qkvBias: true,
      outBias: true,
      sinks: true,
    });
    const topK = f.count('num_experts_per_tok', f.countOrZero('experts_per_token', 4));
    const mlp = moeMlp(f.count('num_local_experts'), topK, f.count('intermediate_size'), {
      expertBias: true,
      routerBias: true,
      activation: 'clamped-quick-gelu',
    });
    return build(f, name, 'gpt_oss', {
      attention: full,
      mlp,
      layer: windowed(f, full, windowOf(f, 128), (i) => i % 2 === 0),
    });
  },
};
