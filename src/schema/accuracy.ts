import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, count, list, named, number, numberOrNull, orNull, text, texts } from '../document/shapes.ts';
import { VENDORS } from '../domain/gpu.ts';
import { verdict } from './costed.ts';

const row = closed(
  {
    id: text,
    group: text,
    tier: text,
    status: { enum: ['scored', 'inexpressible', 'unscored'] },
    assumptions: texts,
  },
  {
    reason: text,
    predictedStepSeconds: number,
    measuredStepSeconds: number,
    stepError: number,
    predictedPeakBytes: number,
    measuredPeakBytes: number,
    memoryKind: text,
    memoryError: number,
    verdict,
    band: number,
    runKind: text,
    gpu: closed({ id: text, vendor: { enum: VENDORS }, architecture: text }),
    phases: named(closed({ predicted: number, error: number })),
    parts: named(number),
  },
);

const time = closed({ rows: count, mape: numberOrNull, bias: numberOrNull, p90: numberOrNull });
const memory = closed({ rows: count, mape: numberOrNull, worstUnder: numberOrNull, worstOver: numberOrNull });

const coverage = closed({
  rows: count,
  sources: count,
  inside: number,
  leftOut: number,
  band: number,
});

const summary = closed({
  rows: count,
  scored: count,
  inexpressible: count,
  unscored: count,
  groups: named(closed({ time, memory })),
  macro: closed({ time: numberOrNull, memory: named(numberOrNull) }),
  slices: named(time),
  makers: named(
    named(
      closed({
        architecture: text,
        rows: count,
        mape: numberOrNull,
        bias: numberOrNull,
        inside: numberOrNull,
        band: numberOrNull,
        memoryRows: count,
        memory: numberOrNull,
        worstUnder: numberOrNull,
      }),
    ),
  ),
  coverage: named(coverage),
  memoryByKind: named(memory),
  ranking: closed({
    sweeps: count,
    spearman: numberOrNull,
    topOneRegret: numberOrNull,
    worstTopOneRegret: numberOrNull,
    bestOfThreeRegret: numberOrNull,
  }),
  falseFits: texts,
  falseRejections: texts,
});

const layers = closed({
  byGpu: named(named(closed({ points: count, error: numberOrNull, bias: numberOrNull }))),
  layers: numberOrNull,
  ratio: named(closed({ pairs: count, error: numberOrNull })),
});

/** What `accuracy --json` prints. Errors are predicted over measured, minus one. */
export const accuracySchema = documentSchema({
  $id: 'shardwright.accuracy/1',
  title: 'The estimates held against measured runs, as printed by accuracy --json',
  ...closed({
    schema: { const: 'shardwright.accuracy/1' },
    rows: list(row),
    summary,
    layers: orNull(layers),
  }),
});

export type AccuracyDocument = DocumentOf<typeof accuracySchema>;
