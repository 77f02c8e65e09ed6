import type { LatentAttention } from '../../layers/mixers/latent.ts';
import type { Fields } from './fields.ts';

/** Latent attention under DeepSeek's keys. */
export function latentOf(f: Fields): LatentAttention {
  if (f.flag('attention_bias', false))
    throw f.odd('attention_bias', true, 'false: latent attention has no biases here');
  return {
    kind: 'latent',
    heads: f.count('num_attention_heads'),
    qLoraRank: f.has('q_lora_rank') ? f.count('q_lora_rank') : null,
    kvLoraRank: f.count('kv_lora_rank', 512),
    qkNopeHeadDim: f.count('qk_nope_head_dim', 128),
    qkRopeHeadDim: f.count('qk_rope_head_dim', 64),
    vHeadDim: f.count('v_head_dim', 128),
  };
}
