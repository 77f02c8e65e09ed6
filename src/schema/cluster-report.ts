import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, count, text } from '../document/shapes.ts';

/** What `cluster show --json` prints: SI units, every figure resolved. */
export const clusterReportSchema = documentSchema({
  $id: 'shardwright.cluster-report/1',
  title: 'A cluster: groups with their GPUs, links and networks, and what was assumed',
  ...closed({
    schema: { const: 'shardwright.cluster-report/1' },
    sha256: text,
    gpus: count,
    cluster: { type: 'object' },
  }),
});

export type ClusterReport = DocumentOf<typeof clusterReportSchema>;
