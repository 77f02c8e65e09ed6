import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, count, list, named, number, text } from '../document/shapes.ts';

/** What `model show --json` prints. */
export const modelReportSchema = documentSchema({
  $id: 'shardwright.model-report/1',
  title: 'A model: architecture, exact parameters, FLOPs per token',
  ...closed({
    schema: { const: 'shardwright.model-report/1' },
    sha256: text,
    model: { type: 'object' },
    parameters: closed({
      embedding: count,
      positions: count,
      embeddingNorm: count,
      kinds: list(closed({ name: text, layers: count, perLayer: named(count) })),
      finalNorm: count,
      lmHead: count,
      multiTokenPrediction: count,
      storedCopies: count,
      total: count,
      active: count,
    }),
    sequenceLength: count,
    flopsPerToken: number,
  }),
});

export type ModelReport = DocumentOf<typeof modelReportSchema>;
