import { type CurveDocument, curvesSchema } from './link.ts';
import type { JsonSchema } from './validator.ts';

/** Names that mean themselves in a shell. */
const NETWORK_NAME = '^[A-Za-z0-9][A-Za-z0-9_.:-]*$';

export const clusterSchema: JsonSchema = {
  $id: 'shardwright.cluster/1',
  title: 'Node groups and the links between them',
  type: 'object',
  additionalProperties: false,
  required: ['schema', 'groups'],
  properties: {
    schema: { const: 'shardwright.cluster/1' },
    name: { type: 'string' },
    source: { type: 'string' },
    groups: {
      type: 'array',
      minItems: 1,
      maxItems: 10000,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'gpu', 'nodes', 'gpusPerNode', 'intraNode'],
        properties: {
          id: { type: 'string', pattern: '^[A-Za-z0-9._-]+$' },
          gpu: { type: 'string', description: 'A GPU of hardware-profiles/gpus.' },
          nodes: { type: 'integer', minimum: 1, maximum: 1000000 },
          gpusPerNode: { type: 'integer', minimum: 1, maximum: 1024 },
          intraNode: { type: 'string', description: 'A link of hardware-profiles/links.' },
          nic: {
            type: 'object',
            additionalProperties: false,
            required: ['link', 'perNode'],
            properties: {
              link: { type: 'string' },
              perNode: { type: 'integer', minimum: 1 },
              bandwidth: { type: 'string', description: 'Overrides the port rate of the link.' },
              devices: {
                type: 'array',
                items: { type: 'string', pattern: NETWORK_NAME },
                description: 'RDMA devices of a node, such as mlx5_0: NCCL_IB_HCA of launch scripts.',
              },
              interface: {
                type: 'string',
                pattern: NETWORK_NAME,
                description: 'IP interface of a node, such as eth0: NCCL_SOCKET_IFNAME of launch scripts.',
              },
            },
          },
          collectives: {
            ...curvesSchema,
            description:
              "Measured on GPUs of one node (nccl-tests, whole buffer), in place of the link's own curves.",
          },
          hosts: {
            type: 'array',
            items: { type: 'string' },
            description: 'Host names in rank order; hostlists such as gpu[01-04] are expanded.',
          },
          fastDomainGpus: {
            type: 'integer',
            minimum: 1,
            description: 'GPUs in one scale-up domain, if it is not the node (NVL72).',
          },
          powerCap: { type: 'string' },
          usableMemory: { type: 'string' },
          site: { type: 'string' },
          pricePerGpuHour: { type: 'number', minimum: 0 },
        },
      },
    },
    links: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['between'],
        properties: {
          between: { type: 'array', minItems: 2, maxItems: 2, items: { type: 'string' } },
          link: { type: 'string', description: 'A network link whose rate and latency apply to each node.' },
          bandwidthPerNode: { type: 'string' },
          sharedBandwidth: { type: 'string', description: 'All flows between the two groups together.' },
          latency: { type: 'string' },
        },
      },
    },
    measured: {
      type: 'object',
      additionalProperties: false,
      required: ['bandwidth'],
      description: 'Node to node, row sends to column, in the order of the groups.',
      properties: {
        bandwidth: { type: 'array', items: { type: 'array', items: { type: ['string', 'number', 'null'] } } },
        latency: { type: 'array', items: { type: 'array', items: { type: ['string', 'number', 'null'] } } },
      },
    },
  },
};

export interface ClusterDocument {
  readonly name?: string;
  readonly groups: readonly GroupDocument[];
  readonly links?: readonly {
    readonly between: readonly [string, string];
    readonly link?: string;
    readonly bandwidthPerNode?: string;
    readonly sharedBandwidth?: string;
    readonly latency?: string;
  }[];
  readonly measured?: {
    readonly bandwidth: readonly (readonly unknown[])[];
    readonly latency?: readonly (readonly unknown[])[];
  };
}

export interface GroupDocument {
  readonly id: string;
  readonly gpu: string;
  readonly nodes: number;
  readonly gpusPerNode: number;
  readonly intraNode: string;
  readonly nic?: {
    readonly link: string;
    readonly perNode: number;
    readonly bandwidth?: string;
    readonly devices?: readonly string[];
    readonly interface?: string;
  };
  readonly collectives?: readonly CurveDocument[];
  readonly hosts?: readonly string[];
  readonly fastDomainGpus?: number;
  readonly powerCap?: string;
  readonly usableMemory?: string;
  readonly site?: string;
  readonly pricePerGpuHour?: number;
}
