import type { LayerPart } from '../../domain/model.ts';
import { moeMlp } from '../../layers/ffn/moe.ts';
import type { LatentAttention } from '../../layers/mixers/latent.ts';
import { softmaxAttention } from '../../layers/mixers/softmax.ts';
import { attentionOf, build, type Family, gatedMlp } from './family.ts';
import type { Fields } from './fields.ts';

const mixtral: Family = {
  types: ['mixtral', 'phimoe'],
  read(f, name) {
    const phi = f.values.model_type === 'phimoe';
    const mlp = moeMlp(
      f.count('num_local_experts', phi ? 16 : 8),
      f.count('num_experts_per_tok', 2),
      f.count('intermediate_size'),
    );
    return build(f, name, 'mixtral', {
      attention: attentionOf(f),
      mlp,
      ...(phi
        ? { norm: { kind: 'layer', perLayer: 2 } as const, headBias: f.flag('lm_head_bias', true) }
        : {}),
    });
  },
};

/** Dense where the list or the sparse step says so. */
function sparseLayers(f: Fields, moe: LayerPart): (index: number) => { mlp: LayerPart } {
  const step = f.count('decoder_sparse_step', 1);
  const dense = new Set((f.list('mlp_only_layers') ?? []).map(Number));
  const mlp = f.has('intermediate_size') ? gatedMlp(f) : moe;
  return (i) => ({ mlp: dense.has(i) || (i + 1) % step !== 0 ? mlp : moe });
}

const qwenMoe: Family = {
  types: ['qwen2_moe', 'qwen3_moe'],
  read(f, name) {
    const third = f.values.model_type === 'qwen3_moe';
    const headDim = third ? { headDim: f.count('head_dim', 128) } : {};
    const attention = third
      ? attentionOf(f, { ...headDim, qkNormParameters: 2 * f.count('head_dim', 128) })
      : attentionOf(f, { qkvBias: true, outBias: false });
    const shared = third ? 0 : f.count('shared_expert_intermediate_size', 5632);
    const moe = moeMlp(
      f.count('num_experts', third ? 128 : 60),
      f.count('num_experts_per_tok', third ? 8 : 4),
      f.count('moe_intermediate_size', third ? 768 : 1408),
      {
        sharedFfnHiddenSize: shared,
        sharedGate: !third,
      },
    );
    return build(f, name, 'qwen_moe', { attention, mlp: moe, layer: sparseLayers(f, moe) });
  },
};

function latent(f: Fields): LatentAttention {
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

/** The first layers are dense; routed experts of their own width, shared experts counted in it. */
function firstDense(f: Fields, moe: LayerPart): (index: number) => { mlp: LayerPart } {
  const first = f.countOrZero('first_k_dense_replace');
  const step = f.count('moe_layer_freq', 1);
  const dense = gatedMlp(f);
  return (i) => ({ mlp: i < first || i % step !== 0 ? dense : moe });
}

const deepseek: Family = {
  types: ['deepseek_v2', 'deepseek_v3', 'kimi_k2'],
  read(f, name) {
    const third = f.values.model_type !== 'deepseek_v2';
    const width = f.count('moe_intermediate_size');
    const moe = moeMlp(f.count('n_routed_experts'), f.count('num_experts_per_tok'), width, {
      sharedFfnHiddenSize: width * f.countOrZero('n_shared_experts'),
      correctionBias: third,
    });
    const mtpLayers = f.countOrZero('num_nextn_predict_layers');
    return build(f, name, 'deepseek', {
      attention: latent(f),
      mlp: moe,
      layer: firstDense(f, moe),
      mtpLayers,
    });
  },
};

const glm4: Family = {
  types: ['glm4_moe'],
  read(f, name) {
    const width = f.count('moe_intermediate_size');
    const headDim = f.count('head_dim', 128);
    const qkNormParameters = f.flag('use_qk_norm', false) ? 2 * headDim : 0;
    const moe = moeMlp(f.count('n_routed_experts'), f.count('num_experts_per_tok'), width, {
      sharedFfnHiddenSize: width * f.countOrZero('n_shared_experts', 1),
      correctionBias: true,
    });
    return build(f, name, 'glm4_moe', {
      attention: attentionOf(f, { headDim, outBias: false, qkNormParameters }),
      mlp: moe,
      layer: firstDense(f, moe),
      mtpLayers: f.countOrZero('num_nextn_predict_layers'),
    });
  },
};

/** Sliding and full attention alternate; biases on every linear and on the router; one sink per head. */
const gptOss: Family = {
  types: ['gpt_oss'],
  read(f, name) {
    const full = attentionOf(f, {
      headDim: f.count('head_dim', 64),
      qkvBias: true,
      outBias: true,
      sinks: true,
    });
    const sliding = { ...full, slidingWindow: f.count('sliding_window', 128) };
    const types = f.list('layer_types');
    const slides = (i: number) => (types === null ? i % 2 === 0 : types[i] === 'sliding_attention');
    const topK = f.count('num_experts_per_tok', f.countOrZero('experts_per_token', 4));
    const mlp = moeMlp(f.count('num_local_experts'), topK, f.count('intermediate_size'), {
      expertBias: true,
      routerBias: true,
    });
    return build(f, name, 'gpt_oss', {
      attention: full,
      mlp,
      layer: (i) => ({ attention: slides(i) ? sliding : full }),
    });
  },
};

/** Norms over the whole of q and k. */
const minimax: Family = {
  types: ['minimax_m2'],
  read(f, name) {
    const plain = attentionOf(f);
    const qkNormParameters = f.flag('use_qk_norm', true) ? (plain.heads + plain.kvHeads) * plain.headDim : 0;
    const mlp = moeMlp(
      f.count('num_local_experts'),
      f.count('num_experts_per_tok'),
      f.count('intermediate_size'),
      { correctionBias: true },
    );
    return build(f, name, 'minimax_m2', {
      attention: softmaxAttention(plain.heads, plain.headDim, { ...plain, qkNormParameters }),
      mlp,
    });
  },
};

export const MOE: readonly Family[] = [mixtral, qwenMoe, deepseek, glm4, gptOss, minimax];
