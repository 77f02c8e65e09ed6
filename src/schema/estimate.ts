import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, count, either, list, number, text, texts } from '../document/shapes.ts';
import { costed, costedBeside, origin, problem, rankedPlan, reason, verdict } from './costed.ts';

/** Why a configuration costs what it does, beside explain --json. */
const explanation = closed({
  busyShares: list(closed({ pipeline: count, stage: count, share: number })),
  links: list(closed({ link: text, effectOfTwiceItsRate: number })),
  seats: list(
    closed({
      pipeline: count,
      stage: count,
      layers: count,
      runs: list(closed({ host: text, group: text, gpus: list(count) })),
    }),
  ),
  evenSplit: either('reason', closed({ reason }), rankedPlan),
  changes: {
    ...list(
      closed({
        kind: { enum: ['configuration', 'hardware'] },
        what: text,
        configuration: text,
        stepTimeSeconds: number,
        effect: number,
        verdict,
        roomBytes: number,
        stage: count,
        group: text,
      }),
    ),
    description: 'One change each, asked of the evaluator; the fastest first.',
  },
});

export const estimateSchema = documentSchema({
  $id: 'shardwright.estimate/2',
  title: 'One configuration, as printed by estimate --json and explain --json',
  ...closed(
    {
      schema: { const: 'shardwright.estimate/2' },
      ...origin,
      problem,
      inferred: texts,
      ...costed,
    },
    { ...costedBeside, from: closed({ file: text, configuration: text }), explanation },
  ),
});

export type EstimateDocument = DocumentOf<typeof estimateSchema>;
export type CostedDocument = Pick<EstimateDocument, keyof typeof costed | keyof typeof costedBeside>;
export type OutlookDocument = NonNullable<EstimateDocument['outlook']>;
export type Origin = Pick<EstimateDocument, keyof typeof origin>;
