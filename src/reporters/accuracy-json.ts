import type { LayerSummary } from '../accuracy/layer-score.ts';
import type { Scored } from '../accuracy/score.ts';
import type { Summary } from '../accuracy/summary.ts';
import type { AccuracyDocument } from '../schema/accuracy.ts';

/** The shardwright.accuracy/1 document. */
export function accuracyDocument(
  scored: readonly Scored[],
  summary: Summary,
  layers: LayerSummary | null,
): AccuracyDocument {
  const rows = scored.map(({ row: _, memoryParts: __, ...rest }) => rest);
  return { schema: 'shardwright.accuracy/1', rows, summary, layers };
}
