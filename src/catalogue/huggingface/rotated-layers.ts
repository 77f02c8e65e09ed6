import type { Fields } from './fields.ts';

/** Which layers rotate queries and keys: `no_rope_layers` has a 1 for each that does; without it all but every fourth (llama4, smollm3). */
export function rotatedLayers(f: Fields): (index: number) => boolean {
  const listed = f.list('no_rope_layers');
  const every = f.count('no_rope_layer_interval', 4);
  if (listed === null || listed.length === 0) return (i) => (i + 1) % every !== 0;
  const layers = f.count('num_hidden_layers');
  if (listed.length < layers)
    throw f.odd('num_hidden_layers', layers, `the ${listed.length} layers of no_rope_layers`);
  return (i) => listed[i] === 1 || listed[i] === true;
}
