import type { SoftmaxAttention } from '../../layers/mixers/softmax.ts';
import type { Fields } from './fields.ts';

/** The window that a config states; null takes back what its class has, `usual`. */
export function windowOf(f: Fields, usual: number | null = null, key = 'sliding_window'): number | null {
  if (f.has(key)) return f.count(key);
  return f.says(key) ? null : usual;
}

/**
 * The attention of each layer where some look back over a window only. `layer_types` decides; without it those of which `slides`
 * is true.
 */
export function windowed(
  f: Fields,
  full: SoftmaxAttention,
  window: number | null,
  slides: (index: number) => boolean,
): (index: number) => { attention: SoftmaxAttention } {
  const sliding = window === null ? full : { ...full, slidingWindow: window };
  const types = layerTypes(f, ['full_attention', 'sliding_attention']);
  if (types !== null && window === null && types.includes('sliding_attention'))
    throw f.odd('sliding_window', null, 'the window of the layers that layer_types calls sliding_attention');
  return (i) => ({
    attention: (types === null ? slides(i) : types[i] === 'sliding_attention') ? sliding : full,
  });
}

/** The same where layers that attend to all are not rotated, those that slide are (cohere2, exaone4). */
export function rotatedWhereSliding(
  f: Fields,
  plain: SoftmaxAttention,
  window: number | null,
  slides: (index: number) => boolean,
): (index: number) => { attention: SoftmaxAttention } {
  if (window === null) return windowed(f, plain, null, slides);
  const full = { ...plain, rope: false };
  const sliding = { ...plain, slidingWindow: window };
  const layer = windowed(f, full, window, slides);
  return (i) => ({ attention: layer(i).attention === full ? full : sliding });
}

/** `use_sliding_window` puts a window on the layers from `max_window_layers` on (qwen2, qwen3). */
export function windowedFrom(f: Fields, full: SoftmaxAttention, first: number) {
  const window = f.flag('use_sliding_window', false) ? windowOf(f, 4096) : null;
  const from = f.countOrZero('max_window_layers', first);
  return windowed(f, full, window, (i) => i >= from);
}

/** Every n-th layer attends to all (gemma, cohere2, exaone4); the pattern may be letters: `LLLG`. */
export function allButEvery(f: Fields, usual: number): (index: number) => boolean {
  const key = f.has('sliding_window_pattern') ? 'sliding_window_pattern' : '_sliding_window_pattern';
  const letters = f.valueOf(key);
  if (typeof letters === 'string' && /^[LG]+$/.test(letters))
    return (i) => letters[i % letters.length] === 'L';
  const every = f.count(key, usual);
  return (i) => (i + 1) % every !== 0;
}

/** `layer_types`, one of `known` for each layer; null: not stated. */
export function layerTypes(f: Fields, known: readonly string[]): readonly unknown[] | null {
  const types = f.list('layer_types');
  if (types === null) return null;
  const odd = types.find((type) => !known.includes(String(type)));
  if (odd !== undefined) throw f.odd('layer_types', odd, `layers of ${known.join(', ')}`);
  const layers = f.count('num_hidden_layers');
  if (types.length < layers)
    throw f.odd('num_hidden_layers', layers, `the ${types.length} layers of layer_types`);
  return types;
}
