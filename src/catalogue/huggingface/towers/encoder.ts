import type { Tower } from '../../../domain/model.ts';
import type { Fields } from '../fields.ts';

/** What is counted of a tower, and what its layers are where they are timed. */
export type Counted = Pick<Tower, 'weights' | 'layers'>;

/** One kind of tower. `sizes`: of its class, where the config leaves them out. */
export interface Encoder {
  readonly types: readonly string[];
  readonly sizes: Readonly<Record<string, unknown>>;
  /** What joins it to the decoder stands in it. */
  readonly merges?: true;
  count(f: Fields): Counted;
}

/** Layers of a vision transformer, biases and two layer norms included. */
export const plainLayer = (hidden: number, ffn: number): number =>
  4 * (hidden * hidden + hidden) + 2 * hidden * ffn + ffn + hidden + 4 * hidden;

/** A number, or the same one twice. */
export function side(f: Fields, key: string): number {
  const value = f.valueOf(key);
  const [first] = Array.isArray(value) ? value : [value];
  if (typeof first === 'number' && Number.isInteger(first) && first > 0) return first;
  throw f.odd(key, value, 'a whole number above zero');
}

/** Patches of an image of the stated size, and values of each in all channels. */
export function patchesOf(f: Fields): { readonly patches: number; readonly pixels: number } {
  const patch = side(f, 'patch_size');
  return {
    patches: Math.floor(side(f, 'image_size') / patch) ** 2,
    pixels: f.count('num_channels', 3) * patch ** 2,
  };
}

/** A vision transformer of the plain kind, so much `beside` its layers; its time is counted. */
export function transformer(
  f: Fields,
  beside: (sizes: { hidden: number; ffn: number; patches: number; pixels: number }) => number,
  perLayer = plainLayer,
): Counted {
  const [hidden, ffn, count] = [
    f.count('hidden_size'),
    f.count('intermediate_size'),
    f.count('num_hidden_layers'),
  ];
  const heads = f.count('num_attention_heads');
  const { patches, pixels } = patchesOf(f);
  return {
    weights: {
      layers: count,
      perLayer: perLayer(hidden, ffn),
      beside: beside({ hidden, ffn, patches, pixels }),
    },
    // Heads that do not divide are not timed: of weights they change nothing.
    ...(hidden % heads === 0 ? { layers: { count, hidden, heads, ffn, patches, pixels } } : {}),
  };
}
