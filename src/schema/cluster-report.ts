import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, count, flag, list, number, numberOrNull, text } from '../document/shapes.ts';

const join = closed({
  pairs: {
    ...list({ type: 'array', items: text, minItems: 2, maxItems: 2 } as const),
    description:
      'Groups joined alike, by id; twice the same: nodes of one group that have a link of their own.',
  },
  transport: { enum: ['rdma', 'socket'] },
  sameHosts: { ...flag, description: 'GPUs of two types in the same hosts.' },
  by: { enum: ['measured', 'stated', 'assumed'] },
  bytesPerSecondPerNode: number,
  sharedBytesPerSecond: numberOrNull,
  latencySeconds: number,
});

/** What `cluster show --json` prints: SI units, every figure resolved. */
export const clusterReportSchema = documentSchema({
  $id: 'shardwright.cluster-report/1',
  title: 'A cluster: groups with their GPUs, links and networks, and what was assumed',
  ...closed({
    schema: { const: 'shardwright.cluster-report/1' },
    sha256: text,
    gpus: count,
    cluster: { type: 'object' },
    joins: list(join),
  }),
});

export type ClusterReport = DocumentOf<typeof clusterReportSchema>;
