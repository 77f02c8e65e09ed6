import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, list, numberOrNull, text } from '../document/shapes.ts';

const figure = {
  type: ['number', 'string'],
  description: 'A number, or OOM: it ran out of memory.',
} as const;

/** What `accuracy --case --json` prints. */
export const casesSchema = documentSchema({
  $id: 'shardwright.cases/1',
  title: 'Published figures beside what is predicted for them, as printed by accuracy --case --json',
  ...closed({
    schema: { const: 'shardwright.cases/1' },
    entries: list(closed({ name: text, predicted: figure, published: figure, error: numberOrNull })),
  }),
});

export type CasesDocument = DocumentOf<typeof casesSchema>;
