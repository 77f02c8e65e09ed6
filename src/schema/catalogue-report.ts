import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed } from '../document/shapes.ts';

const entry = { type: 'object' } as const;

/** What `gpu show --json`, `link show --json` and `stack show --json` print: SI units, every figure resolved. */
export const catalogueReportSchema = documentSchema({
  $id: 'shardwright.catalogue-report/1',
  title: 'One GPU, kind of link or software stack of the catalogue',
  ...closed(
    { schema: { const: 'shardwright.catalogue-report/1' } },
    { gpu: entry, link: entry, stack: entry },
  ),
});

export type CatalogueReport = DocumentOf<typeof catalogueReportSchema>;
