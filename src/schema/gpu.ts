import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, each, positive, text } from '../document/shapes.ts';
import { GEMM_DTYPES, PEAK_DTYPES, VENDORS } from '../domain/gpu.ts';
import { PROVENANCES } from '../domain/provenance.ts';

const quantity = (description: string) => ({ type: 'string', description }) as const;
const aboveZero = { type: 'number', exclusiveMinimum: 0 } as const;
const share = { type: 'number', minimum: 0 } as const;
const source = { type: 'string', description: 'Where the figures come from.' } as const;
const from = { provenance: { enum: PROVENANCES }, source } as const;

const gemmCurve = closed({
  peak: quantity('Dense rate, "989.4 TFLOP/s".'),
  maxEfficiency: aboveZero,
  fixedTime: quantity('"3.4 us"'),
  kOverhead: share,
  throttleDepth: share,
  throttleTime: quantity('"6 ms"'),
  memoryEfficiency: aboveZero,
  quantPasses: share,
});
const [widest, ...narrower] = GEMM_DTYPES;

const attention = closed({
  peak: quantity('Dense rate.'),
  efficiencyHeadDim128: aboveZero,
  efficiencyHeadDim64: aboveZero,
  startupTokens: share,
  fixedTime: quantity('"15 us"'),
  memoryEfficiency: aboveZero,
  waveQuantisation: { type: 'number', minimum: 0, maximum: 1 },
  ...from,
});

export const gpuSchema = documentSchema({
  $id: 'shardwright.gpu/1',
  title: 'One accelerator: peaks, memory, fitted kernels',
  ...closed(
    {
      schema: { const: 'shardwright.gpu/1' },
      id: text,
      name: text,
      vendor: { enum: VENDORS },
      architecture: text,
      multiprocessors: positive,
      peak: closed(from, each(PEAK_DTYPES, quantity('Dense, fp32 accumulation.'))),
      memory: closed({
        size: quantity('What the driver reports, "79.1 GiB".'),
        bandwidth: quantity('"3350 GB/s"'),
        ...from,
      }),
      power: quantity('Stock power limit, "700 W".'),
      streamEfficiency: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
      sustainedSlowdown: { type: 'number', minimum: 0.5, maximum: 3 },
    },
    {
      price: closed({ perGpuHour: aboveZero, source }),
      gemm: closed({ ...each([widest], gemmCurve), ...from }, each(narrower, gemmCurve)),
      attention,
      like: {
        ...closed({ gpu: text, efficiencyRatio: aboveZero }),
        description: "Curves of a relative, at this GPU's own peak and bandwidth.",
      },
    },
  ),
});

export type GpuDocument = DocumentOf<typeof gpuSchema>;
export type GemmCurveDocument = NonNullable<GpuDocument['gemm']>['bf16'];
export type AttentionDocument = NonNullable<GpuDocument['attention']>;
