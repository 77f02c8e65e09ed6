import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, texts } from '../document/shapes.ts';

/** What `model list --json` and `cluster list --json` print. */
export const listSchema = documentSchema({
  $id: 'shardwright.list/1',
  title: 'Names of bundled models or clusters',
  ...closed({ schema: { const: 'shardwright.list/1' } }, { models: texts, clusters: texts }),
});

export type ListDocument = DocumentOf<typeof listSchema>;
