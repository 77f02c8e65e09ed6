import type { BySegment } from '../../domain/memory-term.ts';
import type { LayerRange } from '../../domain/plan.ts';

/** Layers of each chunk of a stage, by segment and kind. */
export type StageContent = readonly BySegment[];

/** Counts the layers of a stage's chunks. `segments` are the first layers of its segments, counted through all its chunks. */
export function contentOf(
  layers: readonly number[],
  kinds: number,
  chunks: readonly LayerRange[],
  segments: readonly number[],
): StageContent {
  let place = 0;
  return chunks.map(({ first, end }) => {
    const counts = segments.map(() => new Array<number>(kinds).fill(0));
    for (let layer = first; layer < end; layer++) {
      const segment = segments.findLastIndex((from) => from <= place);
      counts[segment]![layers[layer] ?? 0]! += 1;
      place += 1;
    }
    return counts;
  });
}
