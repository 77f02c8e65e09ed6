import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, each, flag, list, size, some, text } from '../document/shapes.ts';
import { CARD_PER, GEMM_DTYPES, GPU_FORMS, PEAK_DTYPES, TRAINING_ATTENTION, VENDORS } from '../domain/gpu.ts';
import { PROVENANCES } from '../domain/provenance.ts';

const quantity = (description: string) => ({ type: 'string', description }) as const;
/** Of a peak: some kernels beat the sheet a little. */
const ofPeak = { type: 'number', minimum: 0.001, maximum: 2 } as const;
/** What a fit adds to a size, or takes a few times. */
const fitted = { type: 'number', minimum: 0, maximum: 100_000 } as const;
const source = { type: 'string', description: 'Where the figures come from.' } as const;
const from = { provenance: { enum: PROVENANCES }, source } as const;

const gemmCurve = closed(
  {
    maxEfficiency: ofPeak,
    fixedTime: quantity('"3.4 us"'),
    kOverhead: fitted,
    throttleDepth: fitted,
    throttleTime: quantity('"6 ms"'),
    memoryEfficiency: ofPeak,
    quantPasses: fitted,
  },
  {
    grouped: {
      type: 'number',
      minimum: 1,
      maximum: 10,
      description:
        'Time of the products of grouped GEMMs (experts) over dense ones of as many rows. Left out: the same.',
    },
  },
);
const [always, ...others] = GEMM_DTYPES;

const attention = closed(
  {
    efficiencyHeadDim128: ofPeak,
    efficiencyHeadDim64: ofPeak,
    startupTokens: fitted,
    fixedTime: quantity('"15 us"'),
    memoryEfficiency: ofPeak,
    waveQuantisation: { type: 'number', minimum: 0, maximum: 1 },
    ...from,
  },
  {
    backward: {
      type: 'number',
      minimum: 2,
      maximum: 20,
      description: 'Backward time over forward. Left out: what is usual.',
    },
    backwardUnequal: {
      type: 'number',
      minimum: 2,
      maximum: 20,
      description: 'The same where queries and keys are wider than values (MLA). Left out: no other.',
    },
  },
);

/** Lower case, words apart by one space: how names are compared. */
const spelling = { type: 'string', pattern: '^[a-z0-9]+( [a-z0-9]+)*$' } as const;

const product = closed(
  {
    names: { ...some(spelling), description: 'Words that name it in tools; GPUs of one family share them.' },
    memory: quantity('Nominal, as names state it: "80 GB".'),
  },
  {
    standsInFor: { ...list(spelling), description: 'Names of products that the catalogue lacks.' },
    others: { ...list(spelling), description: 'How names of other silicon begin that contain one of these.' },
    namesHostMemory: { ...flag, description: 'The memory in its name is that of its CPU.' },
    form: { enum: GPU_FORMS, description: 'Where several forms share a name.' },
    rank: { ...size, description: 'Place among those that share a name, the most usual first.' },
    dieOf: {
      ...closed({ gpu: text, dies: { type: 'integer', minimum: 2 } }),
      description: 'The product of which it is one of several dies, each a device.',
    },
  },
);

const scaleUp = closed(
  {
    link: { type: 'string', description: 'A link of hardware-profiles/links that has all ports of a GPU.' },
    usual: { ...flag, description: 'Boards are sold joined; false: cards want bridges.' },
  },
  {
    ports: closed({
      count: { ...size, description: 'NVLinks of one GPU.' },
      rate: quantity('One way, of one: "25 GB/s".'),
      shown: { ...some(size), description: 'NV# that a pair can show in nvidia-smi topo -m.' },
    }),
    beyondHost: { ...flag, description: 'Several hosts are one domain.' },
    domainGpus: { ...size, description: 'GPUs of a whole such domain: 72 of an NVL72 rack.' },
  },
);

const host = closed(
  {
    pcie: { type: 'integer', minimum: 3, maximum: 5, description: 'Generation of the bus.' },
    peerToPeer: { ...flag, description: 'GPUs reach each other over the bus.' },
    network: closed(
      { link: text, cardPer: { enum: CARD_PER } },
      { efa: { type: 'string', description: 'The link of the AWS instances that have it.' } },
    ),
    ...from,
  },
  { scaleUp },
);

const kernels = closed({
  flash: { enum: [2, 3], description: 'Newest generation of FlashAttention written for it.' },
  training: { enum: TRAINING_ATTENTION, description: 'Where the attention kernels of training come from.' },
  oneConnection: {
    ...flag,
    description: 'Communication overlaps compute in order only with CUDA_DEVICE_MAX_CONNECTIONS=1.',
  },
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
      multiprocessors: size,
      product,
      host,
      kernels,
      peak: closed(from, {
        ...each(PEAK_DTYPES, quantity('Dense, fp32 accumulation: "989.4 TFLOP/s".')),
        halfSums: quantity('Dense fp16 that sums up in fp16, where that is faster: "330.3 TFLOP/s".'),
      }),
      memory: closed(
        {
          size: quantity('What the driver reports, "79.1 GiB".'),
          bandwidth: quantity('"3350 GB/s"'),
          ...from,
        },
        {
          runtime: quantity(
            'What driver, collectives and libraries hold beyond what a stack states of other GPUs: "9 GiB".',
          ),
        },
      ),
      power: quantity('Stock power limit, "700 W".'),
      streamEfficiency: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
      sustainedSlowdown: { type: 'number', minimum: 0.5, maximum: 3 },
    },
    {
      sustainedFit: {
        ...text,
        description: 'GPUs whose runs fit sustainedSlowdown together (npm run fit).',
      },
      expertRuns: {
        ...flag,
        description: 'Published runs of mixtures of experts on it were scored; left out: none was.',
      },
      price: closed({ perGpuHour: { type: 'number', minimum: 0.001, maximum: 10_000 }, source }),
      gemm: closed({ ...each([always], gemmCurve), ...from }, each(others, gemmCurve)),
      attention,
      like: {
        ...closed(
          { gpu: text, efficiencyRatio: ofPeak },
          {
            reached: {
              ...closed(from, {
                ...each(GEMM_DTYPES, ofPeak),
                attention: ofPeak,
                attentionProvenance: {
                  enum: PROVENANCES,
                  description: 'Of the share of attention, where it is not that of the rest.',
                },
              }),
              description: "Largest shares of this GPU's own peaks, over those of the relative's curves.",
            },
          },
        ),
        description: "Curves of a relative, at this GPU's own peak and bandwidth.",
      },
    },
  ),
});

export type GpuDocument = DocumentOf<typeof gpuSchema>;
export type GemmCurveDocument = NonNullable<GpuDocument['gemm']>['bf16'];
export type AttentionDocument = NonNullable<GpuDocument['attention']>;
