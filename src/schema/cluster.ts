import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, list, named, size, some, text, texts } from '../document/shapes.ts';
import { LINK_LAYERS } from '../domain/link.ts';
import { curves } from './link.ts';
import { ranged } from './ranges.ts';

/** Names that mean themselves in a shell. */
const networkName = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_.:-]*$' } as const;
const table = list(list({ type: ['string', 'number', 'null'] }));

const sbatch = named({ type: ['string', 'integer', 'boolean'] } as const);

const nic = closed(
  { link: text, perNode: size },
  {
    bandwidth: ranged('nic.bandwidth', "Wire rate of one port, where it is not the link's."),
    measured: ranged('nic.measured', 'What transfers through one port reached, measured: taken as it is.'),
    perFlow: ranged(
      'nic.perFlow',
      'What one GPU alone reaches to another node, where a node reaches more (a TCP stream): taken as it is.',
    ),
    latency: ranged('nic.latency', "Of one transfer, where it is not the link's."),
    fabric: {
      type: 'string',
      minLength: 1,
      description:
        'Name of the fabric that the cards stand on: groups of one layer and one fabric reach each other by RDMA.',
    },
    devices: {
      ...list(networkName),
      description: 'RDMA devices of a node, such as mlx5_0: NCCL_IB_HCA of launch scripts.',
    },
    interface: {
      ...networkName,
      description: 'IP interface of a node, such as eth0: NCCL_SOCKET_IFNAME of launch scripts.',
    },
  },
);

const group = closed(
  {
    id: { type: 'string', pattern: '^[A-Za-z0-9._-]+$' },
    gpu: { type: 'string', description: 'A GPU of hardware-profiles/gpus.' },
    nodes: { type: 'integer', minimum: 1, maximum: 1000000 },
    gpusPerNode: { type: 'integer', minimum: 1, maximum: 1024 },
    intraNode: { type: 'string', description: 'A link of hardware-profiles/links.' },
  },
  {
    nic,
    collectives: {
      ...curves,
      description:
        "Measured on GPUs of one node (nccl-tests, whole buffer), in place of the link's own curves.",
    },
    hosts: {
      ...texts,
      description: 'Host names in rank order; hostlists such as gpu[01-04] are expanded.',
    },
    intraNodeMeasured: ranged(
      'intraNodeMeasured',
      'What one GPU reaches to another of its host, one way, measured: taken as it is.',
    ),
    assumed: {
      ...texts,
      description: 'What of this group was guessed, for people: a plan lists it and widens its band.',
    },
    bus: {
      type: 'string',
      description:
        'A link of hardware-profiles/links (PCIe): what joins its GPUs to those of other groups on the same hosts; left out: intraNode where that is PCIe.',
    },
    fastDomainGpus: {
      ...size,
      description: 'GPUs in one scale-up domain, if it is not the node (NVL72).',
    },
    host: {
      ...closed(
        {},
        {
          memory: ranged('host.memory'),
          memoryBandwidth: ranged('host.memoryBandwidth', 'Peak of all memory channels of one host.'),
          pcie: ranged('host.pcie', "Wire rate of one GPU's link to its host, one way."),
          gpusPerLink: { ...size, description: 'GPUs that share one such link (a switch).' },
          cpu: text,
          coresBound: {
            type: 'boolean',
            description:
              'Each process has the cores and the memory of one NUMA domain (numactl, --bind_cores_to_rank).',
          },
          disk: {
            ...closed({
              size: ranged('host.disk.size'),
              read: ranged('host.disk.read'),
              write: ranged('host.disk.write'),
            }),
            description: 'NVMe drives of one host together.',
          },
        },
      ),
      description: 'One host: what offloading rests on. What is left out is taken as such hosts have it.',
    },
    powerCap: ranged('powerCap', 'A limit below the stock one, which nvidia-smi -pl sets.'),
    memory: ranged(
      'memory',
      'Of one GPU as its driver reports it, where the card is of another size than its kind.',
    ),
    usableMemory: ranged('usableMemory', 'Where less than the GPU has.'),
    site: {
      type: 'string',
      description:
        'Where its nodes stand. Between two sites that no link joins a slow wide-area network is assumed.',
    },
    pricePerGpuHour: { type: 'number', minimum: 0 },
    own: {
      ...closed(
        {
          pricePerGpu: { type: 'number', minimum: 0, maximum: 10_000_000 },
          years: { type: 'number', minimum: 0.1, maximum: 30 },
          pricePerKwh: { type: 'number', minimum: 0, maximum: 10 },
        },
        {
          used: { type: 'number', minimum: 0.01, maximum: 1, description: 'Of all hours; left out: 1.' },
          hostPower: {
            type: 'number',
            minimum: 0,
            maximum: 5,
            description: 'Of hosts, over that of their GPUs.',
          },
          pue: { type: 'number', minimum: 1, maximum: 5 },
        },
      ),
      description:
        'Its GPUs are bought: US dollars for one with its share of host and network, the years to write it off, and of a kWh. As --own of compare.',
    },
    slurm: {
      ...sbatch,
      description:
        'Long options of sbatch that its nodes are asked for with, over those beside groups: partition, constraint, gpus-per-node (the type), cpus-per-task, mem.',
    },
    kubernetes: {
      ...closed({}, { nodeSelector: named(text) }),
      description: 'Labels that its nodes have, and those of no other group.',
    },
  },
);

const link = closed(
  {
    between: {
      type: 'array',
      minItems: 2,
      maxItems: 2,
      items: text,
      description: 'Groups by id, or sites: each group of one with each of the other.',
    },
  },
  {
    link: {
      type: 'string',
      description: 'A network link whose rate, efficiency and latency apply to each node.',
    },
    layer: {
      enum: LINK_LAYERS,
      description: 'What the link speaks, where no kind of link says so.',
    },
    perNode: { ...size, description: 'Ports of `link` a node; left out: one.' },
    bandwidthPerNode: ranged('links.bandwidthPerNode', 'What transfers of one node reach: taken as it is.'),
    sharedBandwidth: ranged(
      'links.sharedBandwidth',
      'What all flows between the two reach together: taken as it is.',
    ),
    perFlow: ranged('links.perFlow', 'What one flow reaches alone: taken as it is.'),
    latency: ranged('links.latency'),
  },
);

export const clusterSchema = documentSchema({
  $id: 'shardwright.cluster/1',
  title: 'Node groups and the links between them',
  ...closed(
    { schema: { const: 'shardwright.cluster/1' }, groups: { ...some(group), maxItems: 10000 } },
    {
      name: text,
      source: text,
      assumed: { ...texts, description: 'What was guessed of the whole, for people: a plan lists it.' },
      slurm: {
        ...sbatch,
        description: 'Long options of sbatch for job.sbatch, such as account, time, qos, reservation.',
      },
      links: list(link),
      measured: {
        ...closed({ bandwidth: table }, { latency: table, perFlow: table }),
        description:
          'Node to node as measured, row sends to column, in the order of the groups: taken as it is.',
      },
    },
  ),
});

export type ClusterDocument = DocumentOf<typeof clusterSchema>;
export type GroupDocument = ClusterDocument['groups'][number];
