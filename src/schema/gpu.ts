import { PROVENANCES } from '../domain/provenance.ts';
import type { JsonSchema } from './validator.ts';

const quantity = (description: string) => ({ type: 'string', description });
const provenance = { enum: [...PROVENANCES] };
const source = { type: 'string', description: 'Where the figures come from.' };

const gemmCurve = {
  type: 'object',
  additionalProperties: false,
  required: [
    'peak',
    'maxEfficiency',
    'fixedTime',
    'kOverhead',
    'throttleDepth',
    'throttleTime',
    'memoryEfficiency',
    'quantPasses',
  ],
  properties: {
    peak: quantity('Dense rate, "989.4 TFLOP/s".'),
    maxEfficiency: { type: 'number', exclusiveMinimum: 0 },
    fixedTime: quantity('"3.4 us"'),
    kOverhead: { type: 'number', minimum: 0 },
    throttleDepth: { type: 'number', minimum: 0 },
    throttleTime: quantity('"6 ms"'),
    memoryEfficiency: { type: 'number', exclusiveMinimum: 0 },
    quantPasses: { type: 'number', minimum: 0 },
  },
};

export const gpuSchema: JsonSchema = {
  $id: 'shardwright.gpu/1',
  title: 'One accelerator: peaks, memory, fitted kernels',
  type: 'object',
  additionalProperties: false,
  required: [
    'schema',
    'id',
    'name',
    'vendor',
    'architecture',
    'multiprocessors',
    'peak',
    'memory',
    'power',
    'streamEfficiency',
    'sustainedSlowdown',
  ],
  properties: {
    schema: { const: 'shardwright.gpu/1' },
    id: { type: 'string' },
    name: { type: 'string' },
    vendor: { enum: ['nvidia', 'amd', 'intel', 'google'] },
    architecture: { type: 'string' },
    multiprocessors: { type: 'integer', minimum: 1 },
    peak: {
      type: 'object',
      additionalProperties: false,
      required: ['provenance', 'source'],
      properties: {
        ...Object.fromEntries(
          ['fp32', 'tf32', 'fp16', 'bf16', 'fp8', 'mxfp8', 'nvfp4'].map((d) => [
            d,
            quantity('Dense, fp32 accumulation.'),
          ]),
        ),
        provenance,
        source,
      },
    },
    memory: {
      type: 'object',
      additionalProperties: false,
      required: ['size', 'bandwidth', 'provenance', 'source'],
      properties: {
        size: quantity('What the driver reports, "79.1 GiB".'),
        bandwidth: quantity('"3350 GB/s"'),
        provenance,
        source,
      },
    },
    power: quantity('Stock power limit, "700 W".'),
    streamEfficiency: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
    sustainedSlowdown: { type: 'number', minimum: 0.5, maximum: 3 },
    price: {
      type: 'object',
      additionalProperties: false,
      required: ['perGpuHour', 'source'],
      properties: { perGpuHour: { type: 'number', exclusiveMinimum: 0 }, source },
    },
    gemm: {
      type: 'object',
      additionalProperties: false,
      required: ['bf16', 'provenance', 'source'],
      properties: { bf16: gemmCurve, fp8: gemmCurve, nvfp4: gemmCurve, provenance, source },
    },
    attention: {
      type: 'object',
      additionalProperties: false,
      required: [
        'peak',
        'efficiencyHeadDim128',
        'efficiencyHeadDim64',
        'startupTokens',
        'fixedTime',
        'memoryEfficiency',
        'waveQuantisation',
        'provenance',
        'source',
      ],
      properties: {
        peak: quantity('Dense rate.'),
        efficiencyHeadDim128: { type: 'number', exclusiveMinimum: 0 },
        efficiencyHeadDim64: { type: 'number', exclusiveMinimum: 0 },
        startupTokens: { type: 'number', minimum: 0 },
        fixedTime: quantity('"15 us"'),
        memoryEfficiency: { type: 'number', exclusiveMinimum: 0 },
        waveQuantisation: { type: 'number', minimum: 0, maximum: 1 },
        provenance,
        source,
      },
    },
    like: {
      type: 'object',
      description: "Curves of a relative, at this GPU's own peak and bandwidth.",
      additionalProperties: false,
      required: ['gpu', 'efficiencyRatio'],
      properties: { gpu: { type: 'string' }, efficiencyRatio: { type: 'number', exclusiveMinimum: 0 } },
    },
  },
};

export interface GpuDocument {
  readonly id: string;
  readonly name: string;
  readonly vendor: 'nvidia' | 'amd' | 'intel' | 'google';
  readonly architecture: string;
  readonly multiprocessors: number;
  readonly peak: Readonly<Record<string, string>> & { readonly provenance: string };
  readonly memory: { readonly size: string; readonly bandwidth: string; readonly provenance: string };
  readonly power: string;
  readonly streamEfficiency: number;
  readonly sustainedSlowdown: number;
  readonly price?: { readonly perGpuHour: number };
  readonly gemm?: { readonly [dtype: string]: GemmCurveDocument } & { readonly provenance: never };
  readonly attention?: AttentionDocument;
  readonly like?: { readonly gpu: string; readonly efficiencyRatio: number };
}

export interface GemmCurveDocument {
  readonly peak: string;
  readonly maxEfficiency: number;
  readonly fixedTime: string;
  readonly kOverhead: number;
  readonly throttleDepth: number;
  readonly throttleTime: string;
  readonly memoryEfficiency: number;
  readonly quantPasses: number;
}

export interface AttentionDocument {
  readonly peak: string;
  readonly efficiencyHeadDim128: number;
  readonly efficiencyHeadDim64: number;
  readonly startupTokens: number;
  readonly fixedTime: string;
  readonly memoryEfficiency: number;
  readonly waveQuantisation: number;
  readonly provenance: string;
}
