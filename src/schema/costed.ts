import {
  amount,
  closed,
  count,
  each,
  flag,
  list,
  named,
  number,
  numberOrNull,
  orNull,
  some,
  text,
  texts,
} from '../document/shapes.ts';
import { shared } from '../document/shared.ts';
import { PRECISIONS } from '../domain/dtype.ts';
import { VERDICTS } from '../domain/estimate.ts';
import { PROVENANCES } from '../domain/provenance.ts';
import {
  EMBEDDING_MODES,
  FROZEN_WEIGHTS,
  HEAD_MODES,
  LORA_MODULES,
  TRAIN_MODES,
} from '../domain/training.ts';
import { OPTIMIZERS } from '../optimizers/index.ts';
import { calibrationFacts } from './calibration.ts';
import { outlook } from './outlook.ts';
import { plan, range, schedule, techniques } from './plan-object.ts';
import { throughput } from './throughput.ts';

/** Named parts of a whole. */
const parts = named(number);
export const verdict = { enum: VERDICTS } as const;
export const precision = { enum: PRECISIONS } as const;

export const reason = shared('reason', closed({ rule: text, actual: text, limit: text }, { hint: text }));

const stage = shared(
  'stage',
  closed(
    {
      layers: count,
      gpuType: text,
      devices: count,
      tp: count,
      peakMemoryBytes: number,
      memoryLimitBytes: number,
      memory: parts,
      computeSeconds: parts,
    },
    {
      pipeline: count,
      stage: count,
      chunks: list(range),
      group: text,
      peakMemoryIntervalBytes: { ...list(number), minItems: 2, maxItems: 2 },
      allocatedBytes: number,
      reservedBytes: number,
      peakAt: text,
      verdict,
    },
  ),
);

/** What lies on the fullest host of a node group, or on its drives. */
const host = shared(
  'host',
  closed({
    device: { enum: ['host', 'disk'] },
    group: text,
    memoryBytes: number,
    memoryLimitBytes: number,
    parts,
    verdict,
  }),
);

/** Keys of one configuration with its estimate. */
export const costed = {
  configuration: text,
  stepTimeSeconds: amount,
  mfu: amount,
  modelFlopsPerStep: amount,
  errorBand: amount,
  verdict,
  parallel: closed(each(['tp', 'cp', 'pp', 'dp', 'dpReplicate', 'dpShard', 'ep', 'etp', 'vpp'], count)),
  microBatchSize: count,
  numMicroBatches: count,
  techniques,
  schedule,
  time: parts,
  stages: some(stage),
  weakestProvenance: { enum: PROVENANCES },
  assumptions: texts,
  plan,
} as const;

/** And where anything lies on hosts, costs convergence, or failures are asked about. */
export const costedBeside = {
  ...throughput(amount),
  hosts: list(host),
  convergence: {
    ...texts,
    description: 'What the plan costs in convergence; left out: nothing.',
  },
  outlook: { ...outlook, description: 'Where --mtbf says how often GPUs fail.' },
  range: {
    ...closed({
      worst: { type: ['string', 'null'] },
      worstStepTimeSeconds: number,
      fits: flag,
      disturbances: list(closed({ id: text, name: text, stepTimeSeconds: number, fits: flag })),
    }),
    description:
      'The step with each of a few things worse than stated, one at a time; worst: which; null: none slows it.',
  },
  staleness: {
    ...closed({ updates: count, weightVersions: count, sameWeights: flag }),
    description: 'Which weights gradients are taken of; left out: those that they change.',
  },
  islands: {
    ...closed({
      steps: count,
      syncSeconds: number,
      syncBytes: number,
      utilisation: number,
      islands: list(closed({ groups: texts, devices: count, sequences: count, gain: number })),
    }),
    description:
      'Pipelines that train apart; gain: tokens per second over those of the others without it. Left out: gradients are averaged every step.',
  },
} as const;

const integerProgram = shared(
  'integerProgram',
  orNull(
    closed({
      solver: text,
      status: { enum: ['optimal', 'feasible', 'infeasible', 'unsolved'] },
      objectiveSeconds: numberOrNull,
      boundSeconds: numberOrNull,
    }),
  ),
);

/** Keys of a plan that a search found. */
export const ranked = {
  rank: count,
  family: text,
  tiedWithBest: flag,
  ...costed,
  variants: list(closed({ configuration: text, stepTimeSeconds: number })),
  partition: orNull(
    closed(
      {
        method: { enum: ['even', 'closed-form', 'dynamic-programming', 'sweep', 'launcher'] },
        objectiveSeconds: number,
        check: integerProgram,
        groups: integerProgram,
        shares: integerProgram,
      },
      { settled: { const: true } },
    ),
  ),
} as const;

/** The best by estimate, where the steadiest of those that tie with it is another. */
export const fastest = closed({ stepTimeSeconds: number, configuration: text });

export const rankedPlan = shared('rankedPlan', closed(ranked, costedBeside));

/** What a rule removed from a search. */
export const rejection = shared(
  'rejection',
  closed({ rule: text, count, example: closed({ configuration: text, reason }) }),
);

const input = closed(
  { name: text, sha256: text },
  {
    plannedSha256: {
      ...text,
      description: 'Of what figures depend on: not comments, host names, scheduler options or prices.',
    },
  },
);

/** Of this program. */
const version = {
  type: 'string',
  pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?$',
  description: 'a version, such as 0.1.0',
} as const;

/** What a document says of where it came from. */
export const origin = { toolVersion: version, inputs: closed({ model: input, cluster: input }) } as const;

/** What is trained, and how many parameters of how many. */
export const training = shared(
  'training',
  closed(
    {
      decoder: { enum: TRAIN_MODES },
      embedding: { enum: EMBEDDING_MODES },
      head: { enum: HEAD_MODES },
      frozenLayers: count,
      towers: named({ enum: EMBEDDING_MODES }),
      lora: orNull(closed({ rank: count, modules: list({ enum: LORA_MODULES }), dropout: number })),
      parameters: count,
      trainableParameters: count,
    },
    { frozenWeights: { enum: FROZEN_WEIGHTS } },
  ),
);

export const optimizer = { enum: OPTIMIZERS.map(({ id }) => id) } as const;

/** By option, as they are typed after its name. */
export const optimizerOptions = named(text);

export const problem = closed(
  {
    model: text,
    cluster: text,
    stack: text,
    sequenceLength: count,
    globalBatchSize: count,
    precision,
    optimizer,
    headroom: number,
    groups: texts,
  },
  {
    training,
    optimizerOptions,
    packing: closed({
      meanLength: number,
      meanSquare: number,
      deviation: { ...number, description: 'Of L² − (meanSquare/meanLength)·L over samples.' },
      separate: { ...flag, description: 'Each sample attends to itself alone.' },
      padding: number,
      assumed: texts,
    }),
    routing: {
      ...closed({}, { imbalance: number, loads: list(list(number)), capacity: number }),
      description:
        'As --routing has it: of the busiest expert rank over the mean, or tokens of each expert, layer by layer; room of an expert.',
    },
    headroomBytes: { ...number, description: 'Left free where more than the share.' },
    reservedBytes: { ...number, description: 'Held by others than this training.' },
    models: { ...texts, description: 'As --models has them.' },
    calibration: calibrationFacts,
  },
);
