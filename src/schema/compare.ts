import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, count, flag, list, numberOrNull, orNull, text } from '../document/shapes.ts';
import { optimizer, optimizerOptions, precision, rankedPlan, reason, training } from './costed.ts';

export const compareSchema = documentSchema({
  $id: 'shardwright.compare/1',
  title: 'Clusters side by side, as printed by compare --json',
  ...closed({
    schema: { const: 'shardwright.compare/1' },
    toolVersion: text,
    problem: closed(
      { model: text, sequenceLength: count, globalBatchSize: count, precision, optimizer, training },
      { optimizerOptions },
    ),
    clusters: list(
      closed({
        cluster: text,
        gpus: count,
        best: orNull(rankedPlan),
        reason: orNull(reason),
        tokensPerSecond: numberOrNull,
        ratioToFirst: numberOrNull,
        tiedWithFirst: flag,
        dollarsPerHour: numberOrNull,
        dollarsPerMillionTokens: numberOrNull,
      }),
    ),
  }),
});

export type CompareDocument = DocumentOf<typeof compareSchema>;
