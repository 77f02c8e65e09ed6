import type { Tower } from '../../domain/model.ts';
import { isMapping } from '../document.ts';

const KEYS = { vision: 'vision_config', audio: 'audio_config' } as const;

/** What stands before the decoder of a multimodal model, counted where its kind is known. */
export function towersOf(config: Readonly<Record<string, unknown>>): Tower[] {
  return Object.entries(KEYS).flatMap(([name, key]) => {
    const own = config[key];
    if (!isMapping(own)) return [];
    const kind = String(own.model_type ?? config.model_type ?? 'of no kind');
    const count = COUNTS[kind];
    if (count === undefined) return [{ name, kind, weights: null }];
    const sizes = sizesOf(own);
    return [{ name, kind, weights: count(sizes), ...layersOf(sizes) }];
  });
}

interface Sizes {
  readonly hidden: number;
  readonly ffn: number;
  readonly layers: number;
  readonly heads: number | undefined;
  /** Pixels of a patch, all channels. */
  readonly pixels: number;
  readonly patches: number;
}

function sizesOf(own: Readonly<Record<string, unknown>>): Sizes | null {
  const of = (key: string, usual?: number) => (typeof own[key] === 'number' ? own[key] : usual);
  const [hidden, ffn, layers] = [of('hidden_size'), of('intermediate_size'), of('num_hidden_layers')];
  const [patch, image] = [of('patch_size'), of('image_size')];
  if (
    hidden === undefined ||
    ffn === undefined ||
    layers === undefined ||
    patch === undefined ||
    image === undefined
  )
    return null;
  const pixels = of('num_channels', 3)! * patch ** 2;
  const heads = of('num_attention_heads');
  return { hidden, ffn, layers, heads, pixels, patches: Math.floor(image / patch) ** 2 };
}

/** Nothing where heads are not said, or do not divide. */
function layersOf(sizes: Sizes | null): Pick<Tower, 'layers'> {
  if (sizes?.heads === undefined || sizes.hidden % sizes.heads !== 0) return {};
  const { layers: count, heads, ...others } = sizes;
  return { layers: { count, heads, ...others } };
}

/** Layers of a vision transformer, biases and two norms included, and what stands beside them. */
function transformer(sizes: Sizes | null, beside: (sizes: Sizes) => number): Tower['weights'] {
  if (sizes === null) return null;
  const { hidden: h, ffn, layers } = sizes;
  return { layers, perLayer: 4 * (h * h + h) + 2 * h * ffn + ffn + h + 4 * h, beside: beside(sizes) };
}

const COUNTS: Readonly<Record<string, (sizes: Sizes | null) => Tower['weights']>> = {
  // A class token beside the patches, which have no bias; a norm before the layers and one after.
  clip_vision_model: (sizes) =>
    transformer(sizes, ({ hidden: h, pixels, patches }) => h * (pixels + 1 + patches + 1) + 4 * h),
  siglip_vision_model: (sizes) =>
    transformer(sizes, ({ hidden: h, pixels, patches }) => h * (pixels + 1 + patches) + 2 * h),
};
