import type { LayerRange } from '../../domain/plan.ts';

/** Layers of each chunk of a stage, by segment and kind. */
export type StageContent = readonly (readonly ArrayLike<number>[])[];

/** Counts the layers of a stage's chunks. `segments` are the first layers of its segments in order, counted through all its chunks. */
export function contentOf(
  layers: readonly number[],
  kinds: number,
  chunks: readonly LayerRange[],
  segments: readonly number[],
): StageContent {
  let place = 0;
  let segment = 0;
  return chunks.map(({ first, end }) => {
    const counts = segments.map(() => new Int32Array(kinds));
    for (let layer = first; layer < end; layer++) {
      while (segment + 1 < segments.length && segments[segment + 1]! <= place) segment += 1;
      counts[segment]![layers[layer] ?? 0]! += 1;
      place += 1;
    }
    return counts;
  });
}

/** So many layers of one kind in each chunk. */
export function contentOfKind(counts: readonly number[], kind: number, kinds: number): StageContent {
  return counts.map((count) => {
    const row = new Int32Array(kinds);
    row[kind] = count;
    return [row];
  });
}
