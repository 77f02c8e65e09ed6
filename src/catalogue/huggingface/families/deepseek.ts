import { moeMlp } from '../../../layers/ffn/moe.ts';
import type { SparseLatentAttention } from '../../../layers/mixers/sparse-latent.ts';
import { attentionOf, build, type Family, gatedMlp } from '../family.ts';
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

/** DeepSeek-V3 with sparse attention: an indexer in each layer chooses the tokens that it reads. */
export const deepseekSparse: Family = {
  types: ['deepseek_v32'],
  foreign: ['index_n_heads'],
  read(f, name) {
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
    return build(f, name, 'deepseek', {
      attention,
      mlp: moe,
      layer: firstDense(f, moe, 3),
      mtpLayers: f.countOrZero('num_nextn_predict_layers'),
    });
  },
};

/** Latent attention and no experts. */
export const youtu: Family = {
  types: ['youtu'],
  read: (raw, name) => {
    const f = raw.usual({ q_lora_rank: 1536 });
    return build(f, name, 'youtu', { attention: latentOf(f), mlp: gatedMlp(f), tied: true });
  },
};
