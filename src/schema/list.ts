import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, texts } from '../document/shapes.ts';

/** What the `list --json` of models, clusters, GPUs, links and stacks prints. */
export const listSchema = documentSchema({
  $id: 'shardwright.list/1',
  title: 'Names of bundled models, clusters, GPUs, links or stacks',
  ...closed(
    { schema: { const: 'shardwright.list/1' } },
    { models: texts, clusters: texts, shapes: texts, gpus: texts, links: texts, stacks: texts },
  ),
});

export type ListDocument = DocumentOf<typeof listSchema>;
