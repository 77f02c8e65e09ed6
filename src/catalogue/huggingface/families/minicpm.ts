import type { LatentAttention } from '../../../layers/mixers/latent.ts';
import { attentionOf, build, type Family, gatedMlp, scalings } from '../family.ts';
import type { Fields } from '../fields.ts';
import { latentOf } from '../latent.ts';

const SCALES = ['scale_emb', 'scale_depth', 'dim_model_base'];

/** A Llama with scales, or (minicpm3) latent attention with them. */
export const minicpm: Family = {
  types: ['minicpm', 'minicpm3'],
  read(f, name) {
    const third = f.valueOf('model_type') === 'minicpm3';
    if (!third && f.count('num_experts', 1) > 1)
      throw f.odd('num_experts', f.valueOf('num_experts'), 'no experts');
    return build(f, name, 'minicpm', {
      attention: third ? latentAttention(f) : attentionOf(f),
      mlp: gatedMlp(f),
      tied: true,
      beyondSizes: scalings(f, SCALES),
    });
  },
};

/** Its class has sizes of its own. */
function latentAttention(f: Fields): LatentAttention {
  const value = f.count('hidden_size') / f.count('num_attention_heads');
  return latentOf(
    f.usual({
      ...{ q_lora_rank: 768, kv_lora_rank: 256 },
      ...{ qk_nope_head_dim: 64, qk_rope_head_dim: 32, v_head_dim: value },
    }),
  );
}
