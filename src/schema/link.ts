import { COLLECTIVES, type Collective } from '../domain/link.ts';
import { PROVENANCES } from '../domain/provenance.ts';
import type { JsonSchema } from './validator.ts';

/** Measured collectives inside one fast domain, nccl-tests conventions: time = min over lines of latency + bytes/bandwidth. */
export const curvesSchema = {
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['collective', 'gpus', 'lines'],
    properties: {
      collective: { enum: [...COLLECTIVES] },
      gpus: { type: 'integer', minimum: 2 },
      lines: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['latency', 'bandwidth'],
          properties: { latency: { type: 'string' }, bandwidth: { type: 'string' } },
        },
      },
    },
  },
};

const linkProperties = {
  id: { type: 'string' },
  name: { type: 'string' },
  topology: { enum: ['switch', 'mesh', 'host', 'network'] },
  bandwidth: {
    type: 'string',
    description: 'One way, of one GPU (intra-node) or one port (network): "450 GB/s", "400 Gb/s".',
  },
  efficiency: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
  latency: { type: 'string' },
  latencyPerDoubling: { type: 'string' },
  latencyPerNode: { type: 'string' },
  inSwitchReduction: {
    type: 'object',
    additionalProperties: false,
    required: ['minGpus', 'busBandwidth'],
    properties: { minGpus: { type: 'integer', minimum: 2 }, busBandwidth: { type: 'string' } },
  },
  environment: {
    type: 'object',
    description: 'Variables that NCCL or RCCL needs to use the link: NCCL_IB_DISABLE: "1".',
    propertyNames: { pattern: '^[A-Z][A-Z0-9_]*$' },
    additionalProperties: { type: 'string' },
  },
  provenance: { enum: [...PROVENANCES] },
  source: { type: 'string' },
  collectives: curvesSchema,
};

export const linkSchema: JsonSchema = {
  $id: 'shardwright.link/1',
  title: 'One kind of link',
  type: 'object',
  additionalProperties: false,
  required: [
    'schema',
    'id',
    'name',
    'topology',
    'bandwidth',
    'efficiency',
    'latency',
    'provenance',
    'source',
  ],
  properties: { schema: { const: 'shardwright.link/1' }, ...linkProperties },
};

export interface LinkDocument {
  readonly id: string;
  readonly name: string;
  readonly topology: 'switch' | 'mesh' | 'host' | 'network';
  readonly bandwidth: string;
  readonly efficiency: number;
  readonly latency: string;
  readonly latencyPerDoubling?: string;
  readonly latencyPerNode?: string;
  readonly inSwitchReduction?: { readonly minGpus: number; readonly busBandwidth: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly provenance: 'measured' | 'fitted' | 'datasheet' | 'assumed';
  readonly collectives?: readonly CurveDocument[];
}

export interface CurveDocument {
  readonly collective: Collective;
  readonly gpus: number;
  readonly lines: readonly { readonly latency: string; readonly bandwidth: string }[];
}
