import { moeMlp } from '../../../layers/ffn/moe.ts';
import type { SparseLatentAttention } from '../../../layers/mixers/sparse-latent.ts';
import { attentionOf, build, type Family, gatedMlp } from '../family.ts';
import type { Fields } from '../fields.ts';
import { latentOf } from '../latent.ts';
import { firstDense } from '../sparse-layers.ts';

/** The first DeepSeek-MoE has plain attention, the others latent attention; a correction of the router's scores from V3 on, not in mistral4. */
export const deepseek: Family = {
  types: ['deepseek', 'deepseek_v2', 'deepseek_v3', 'kimi_k2', 'glm4_moe_lite', 'mistral4'],
  read(f, name) {
    const type = f.valueOf('model_type');
    const lite = type === 'glm4_moe_lite';
    const width = f.count('moe_intermediate_size');
    const moe = moeMlp(f.count('n_routed_experts'), f.count('num_experts_per_tok'), width, {
      sharedFfnHiddenSize: width * f.countOrZero('n_shared_experts'),
      correctionBias: !['deepseek', 'deepseek_v2', 'mistral4'].includes(String(type)),
    });
    return build(f, name, 'deepseek', {
      attention: type === 'deepseek' ? attentionOf(f) : latentOf(f),
      mlp: moe,
      layer: firstDense(f, moe, lite ? 1 : 0),
      mtpLayers: f.countOrZero('num_nextn_predict_layers'),
    });
  },
};

/** DeepSeek-V3 with sparse attention: an indexer in each layer chooses the tokens that it reads; of glm_moe_dsa some layers read what an earlier one chose. */
export const deepseekSparse: Family = {
  types: ['deepseek_v32', 'glm_moe_dsa'],
  foreign: ['index_n_heads'],
  read(raw, name) {
    const glm = raw.valueOf('model_type') === 'glm_moe_dsa';
    const f = glm ? raw.usual(GLM) : raw;
    const { kind: _, ...latents } = latentOf(f);
    if (latents.qLoraRank === null)
      throw f.odd('q_lora_rank', null, 'a rank: the indexer reads the compressed queries');
    const attention: SparseLatentAttention = {
      kind: 'sparse-latent',
      ...latents,
      qLoraRank: latents.qLoraRank,
      indexHeads: f.count('index_n_heads', 64),
      indexHeadDim: f.count('index_head_dim', 128),
      topK: f.count('index_topk', 2048),
    };
    const width = f.count('moe_intermediate_size');
    const moe = moeMlp(f.count('n_routed_experts'), f.count('num_experts_per_tok'), width, {
      sharedFfnHiddenSize: width * f.countOrZero('n_shared_experts'),
      correctionBias: true,
    });
    const mlpOf = firstDense(f, moe, 3);
    const borrows = glm ? choiceShared(f) : () => false;
    const borrowed: SparseLatentAttention = { ...attention, sharedChoice: true };
    return build(f, name, 'deepseek', {
      attention,
      mlp: moe,
      layer: (i) => ({ ...mlpOf(i), attention: borrows(i) ? borrowed : attention }),
      mtpLayers: f.countOrZero('num_nextn_predict_layers'),
    });
  },
};

/** What GlmMoeDsaConfig of transformers has where a config leaves it out. */
const GLM = {
  ...{ index_n_heads: 32, kv_lora_rank: 512, q_lora_rank: 2048, qk_rope_head_dim: 64 },
  ...{ v_head_dim: 256, qk_nope_head_dim: 192, n_shared_experts: 1 },
};

/** `indexer_types`, or letters of `index_topk_pattern`, or every `index_topk_freq`-th layer chooses (GlmMoeDsaConfig). */
function choiceShared(f: Fields): (index: number) => boolean {
  const layers = f.count('num_hidden_layers');
  const types = f.list('indexer_types');
  if (types !== null) {
    if (types.length < layers || types.some((one) => one !== 'full' && one !== 'shared'))
      throw f.odd('indexer_types', types, `full or shared for each of ${layers} layers`);
    return (i) => types[i] === 'shared';
  }
  const letters = f.valueOf('index_topk_pattern');
  if (typeof letters === 'string') return (i) => letters[i] === 'S';
  const every = f.count('index_topk_freq', 1);
  const offset = f.countOrZero('index_skip_topk_offset', 2);
  return (i) => Math.max(i - offset + 1, 0) % every !== 0;
}

/** Latent attention and no experts. */
export const youtu: Family = {
  types: ['youtu'],
  read: (raw, name) => {
    const f = raw.usual({ q_lora_rank: 1536 });
    return build(f, name, 'youtu', { attention: latentOf(f), mlp: gatedMlp(f), tied: true });
  },
};
