import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, count, list, number, text, texts } from '../document/shapes.ts';
import { VERDICTS } from '../domain/estimate.ts';

const played = closed({ stepTimeSeconds: number, microBatches: count, secondsPerMicroBatch: number });

/** What `skip --json` prints. */
export const skipSchema = documentSchema({
  $id: 'shardwright.skip/1',
  title: 'A pipeline whose micro-batches pass only some of its stages',
  ...closed({
    schema: { const: 'shardwright.skip/1' },
    toolVersion: text,
    model: text,
    cluster: text,
    skipRatio: number,
    seed: count,
    stages: list(texts),
    paths: list(texts),
    skipping: played,
    full: played,
    memoryBytes: number,
    memoryLimitBytes: number,
    verdict: { enum: VERDICTS },
    convergence: texts,
    assumptions: texts,
  }),
});

export type SkipDocument = DocumentOf<typeof skipSchema>;
