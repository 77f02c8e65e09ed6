import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, text, texts } from '../document/shapes.ts';
import { costed, costedBeside, origin, problem } from './costed.ts';

export const estimateSchema = documentSchema({
  $id: 'shardwright.estimate/2',
  title: 'One configuration, as printed by estimate --json',
  ...closed(
    {
      schema: { const: 'shardwright.estimate/2' },
      ...origin,
      problem,
      inferred: texts,
      ...costed,
    },
    { ...costedBeside, from: closed({ file: text, configuration: text }) },
  ),
});

export type EstimateDocument = DocumentOf<typeof estimateSchema>;
export type CostedDocument = Pick<EstimateDocument, keyof typeof costed | keyof typeof costedBeside>;
export type OutlookDocument = NonNullable<EstimateDocument['outlook']>;
export type Origin = Pick<EstimateDocument, keyof typeof origin>;
