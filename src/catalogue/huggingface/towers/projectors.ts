import type { Fields } from '../fields.ts';

/** Widths that a projector joins: what the tower puts out, what the decoder reads. */
interface Joined {
  readonly tower: number;
  readonly decoder: number;
}

/** Two linears, the first over `from` values, with biases unless the config says not to. */
function twoLinears(f: Fields, from: number, { decoder: t }: Joined, bias: boolean): number {
  const on = f.flag('multimodal_projector_bias', bias) ? 1 : 0;
  return from * t + t * t + 2 * on * t;
}

/** Layers of the tower that are read beside one another. */
function features(f: Fields): number {
  const layers = f.valueOf('vision_feature_layer');
  return Array.isArray(layers) ? layers.length : 1;
}

const newline = (f: Fields, joined: Joined) =>
  twoLinears(f, features(f) * joined.tower, joined, true) + joined.decoder;

/** One matrix and a norm of what it reads. */
const soft = (_: Fields, { tower: v, decoder: t }: Joined) => v * t + v;

/**
 * Parameters of what joins a tower to the decoder, by the `model_type` of both together (transformers 5.18.0, modeling files of each). Those of
 * qwen2_vl, qwen3_vl, glm4v and their like stand in the tower.
 */
export const PROJECTORS: Readonly<Record<string, (f: Fields, joined: Joined) => number>> = {
  llava: (f, joined) => twoLinears(f, features(f) * joined.tower, joined, true),
  llava_next: newline,
  llava_next_video: newline,
  llava_onevision: newline,
  vipllava: (f, { tower: v, decoder: t }) => {
    const layers = f.list('vision_feature_layers')?.length ?? 5;
    return 2 * layers * v + layers * v * t + t + t * t + t;
  },
  paligemma: (f, { tower: v }) => {
    const out = f.count('projection_dim', 2048);
    return v * out + out;
  },
  gemma3: soft,
  shieldgemma2: soft,
  gemma4: (_, { tower: v, decoder: t }) => v * t,
  // Queries that attend to patches: three projections, an attention of PyTorch's, a linear, three norms, two matrices.
  aria: (f, { tower: v, decoder: t }) => {
    const queries = Math.max(
      ...Object.values(f.inside('projector_patch_to_query_dict').values).map(Number),
      0,
    );
    return (queries > 0 ? queries : 256) * v + 8 * v * v + 5 * v + 6 * v + v * t + t * t;
  },
  mistral3: (f, joined) => {
    const { tower: v } = joined;
    const merged = v * v * f.count('spatial_merge_size', 2) ** 2;
    return v + merged + twoLinears(f, features(f) * v, joined, false);
  },
  cohere2_vision: (f, { tower: v, decoder: t }) => {
    const [from, wide] = [
      v * f.count('downsample_factor', 2) ** 2,
      f.count('alignment_intermediate_size', 36864),
    ];
    return from * wide + wide + (wide / 2) * t + t;
  },
  aya_vision: (f, { tower: v, decoder: t }) => {
    const [from, wide] = [
      v * f.count('downsample_factor', 2) ** 2,
      f.count('alignment_intermediate_size', t),
    ];
    return 2 * from + from * wide + wide + (wide / 2) * t + t;
  },
  idefics3: (f, { tower: v, decoder: t }) => v * f.count('scale_factor', 2) ** 2 * t,
  smolvlm: (f, { tower: v, decoder: t }) => v * f.count('scale_factor', 2) ** 2 * t,
  internvl: (f, { tower: v, decoder: t }) => {
    const from = v * Math.round(1 / Number(f.valueOf('downsample_ratio') ?? 0.5)) ** 2;
    return 2 * from + from * t + t + t * t + t;
  },
  llama4: (f, { decoder: t }) => f.inside('vision_config').count('vision_output_dim', 7680) * t,
  lfm2_vl: (f, { tower: v, decoder: t }) => {
    const from = v * f.count('downsample_factor', 2) ** 2;
    const wide = f.count('projector_hidden_size', 2560);
    const bias = f.flag('projector_bias', true) ? wide + t : 0;
    return (f.flag('projector_use_layernorm', true) ? 2 * from : 0) + from * wide + wide * t + bias;
  },
};
