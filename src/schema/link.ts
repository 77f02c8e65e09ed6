import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, list, named, size, some, text } from '../document/shapes.ts';
import { VENDORS } from '../domain/gpu.ts';
import { COLLECTIVES, LINK_LAYERS, LINK_TOPOLOGIES } from '../domain/link.ts';
import { PROVENANCES } from '../domain/provenance.ts';

/** Measured collectives inside one fast domain, nccl-tests conventions: time = min over lines of latency + bytes/bandwidth. */
export const curves = list(
  closed({
    collective: { enum: COLLECTIVES },
    gpus: { type: 'integer', minimum: 2 },
    lines: some(closed({ latency: text, bandwidth: text })),
  }),
);

export const linkSchema = documentSchema({
  $id: 'shardwright.link/1',
  title: 'One kind of link',
  ...closed(
    {
      schema: { const: 'shardwright.link/1' },
      id: text,
      name: text,
      topology: { enum: LINK_TOPOLOGIES },
      bandwidth: {
        type: 'string',
        description: 'One way, of one GPU (intra-node) or one port (network): "450 GB/s", "400 Gb/s".',
      },
      efficiency: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
      latency: text,
      provenance: { enum: PROVENANCES },
      source: text,
    },
    {
      vendor: {
        enum: VENDORS,
        description: 'Joins GPUs of this maker only, and only those that have it: NVLink, xGMI.',
      },
      layer: {
        enum: LINK_LAYERS,
        description: 'What the cards of a network speak: a network states it, a link inside a node has none.',
      },
      names: {
        ...some({ type: 'string', pattern: '^[a-z0-9]+$' }),
        description: 'What tools, features of hosts and people call it: ndr, ib400; no spaces, no unit.',
      },
      devices: {
        ...some({ type: 'string', pattern: '^[a-z0-9_]+$' }),
        description: 'How names of its RDMA devices begin, where they tell: rdmap, mlx5_ib.',
      },
      portsPerNode: { ...size, description: 'Ports of a node, where the kind of link says so.' },
      perFlow: {
        type: 'string',
        description: 'What one flow reaches alone, where it is less than a port gives: taken as it is.',
      },
      fill: {
        type: 'string',
        description:
          'Bytes in the buffers on the way (GPU, host, card), which a transfer fills before it runs at its rate: "1 MB".',
      },
      largeMessages: {
        ...closed({ from: text, efficiency: { type: 'number', exclusiveMinimum: 0, maximum: 1 } }),
        description:
          'Messages that outgrow the buffers on their way: from `from` bytes on efficiency falls, to this one at four times that.',
      },
      latencyPerDoubling: text,
      latencyPerNode: text,
      inSwitchReduction: closed({ minGpus: { type: 'integer', minimum: 2 }, busBandwidth: text }),
      environment: {
        ...named(text),
        description: 'Variables that NCCL or RCCL needs to use the link: NCCL_IB_DISABLE: "1".',
        propertyNames: { pattern: '^[A-Z][A-Z0-9_]*$' },
      },
      collectives: curves,
    },
  ),
});

export type CurveDocument = NonNullable<DocumentOf<typeof linkSchema>['collectives']>[number];
