import { plan, range } from './plan-object.ts';
import type { JsonSchema } from './validator.ts';

const number = { type: 'number' };
const count = { type: 'integer', minimum: 0 };
const text = { type: 'string' };
const parts = { type: 'object', additionalProperties: number };
const strings = { type: 'array', items: text };

const reason = {
  type: 'object',
  additionalProperties: false,
  required: ['rule', 'actual', 'limit'],
  properties: { rule: text, actual: text, limit: text, hint: text },
};

const costed = {
  configuration: text,
  stepTimeSeconds: number,
  tokensPerSecond: number,
  mfu: number,
  modelFlopsPerStep: number,
  errorBand: number,
  verdict: { enum: ['fits', 'tight', 'does-not-fit'] },
  parallel: {
    type: 'object',
    additionalProperties: false,
    required: ['tp', 'cp', 'pp', 'dp', 'ep', 'etp', 'vpp'],
    properties: { tp: count, cp: count, pp: count, dp: count, ep: count, etp: count, vpp: count },
  },
  microBatchSize: count,
  numMicroBatches: count,
  recompute: plan.properties.recompute,
  optimizerSharding: plan.properties.optimizerSharding,
  schedule: text,
  time: parts,
  stages: {
    type: 'array',
    minItems: 1,
    items: {
      type: 'object',
      additionalProperties: false,
      required: [
        'layers',
        'gpuType',
        'devices',
        'tensorParallel',
        'peakMemoryBytes',
        'memoryLimitBytes',
        'memory',
        'computeSeconds',
      ],
      properties: {
        pipeline: count,
        stage: count,
        layers: count,
        chunks: { type: 'array', items: range },
        gpuType: text,
        group: text,
        devices: count,
        tensorParallel: count,
        peakMemoryBytes: number,
        memoryLimitBytes: number,
        peakMemoryIntervalBytes: { type: 'array', items: number, minItems: 2, maxItems: 2 },
        allocatedBytes: number,
        reservedBytes: number,
        peakAt: text,
        verdict: { enum: ['fits', 'tight', 'does-not-fit'] },
        memory: parts,
        computeSeconds: parts,
      },
    },
  },
  weakestProvenance: { enum: ['measured', 'fitted', 'datasheet', 'assumed'] },
  assumptions: strings,
  plan,
};

const closed = (properties: Record<string, unknown>, optional: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties).filter((key) => !optional.includes(key)),
  properties,
});

const ranked = closed({
  rank: count,
  family: text,
  tiedWithBest: { type: 'boolean' },
  ...costed,
  variants: { type: 'array', items: closed({ configuration: text, stepTimeSeconds: number }) },
  partition: { type: ['object', 'null'] },
});
const input = closed({ name: text, sha256: text });
const origin = { toolVersion: text, inputs: closed({ model: input, cluster: input }) };
const problem = closed({
  model: text,
  cluster: text,
  stack: text,
  sequenceLength: count,
  globalBatchSize: count,
  precision: text,
  headroom: number,
  groups: strings,
});

export const planOutputSchema: JsonSchema = {
  $id: 'shardwright.plan/1',
  title: 'Ranked plans, as printed by plan --json',
  ...closed(
    {
      schema: { const: 'shardwright.plan/1' },
      ...origin,
      problem,
      plans: { type: 'array', items: ranked },
      // biome-ignore-start lint/suspicious/noThenProperty: JSON Schema's own keyword.
      evenSplit: { type: 'object', if: { required: ['reason'] }, then: closed({ reason }), else: ranked },
      nearestMiss: {
        type: ['object', 'null'],
        if: { type: 'object' },
        then: closed({ reason, remedy: text, ...costed }),
      },
      // biome-ignore-end lint/suspicious/noThenProperty: as above.
      launchers: strings,
      idle: {
        type: 'array',
        items: closed({
          group: text,
          gpuType: text,
          gpus: count,
          asked: { type: 'boolean' },
          stepSeconds: { type: ['number', 'null'] },
        }),
      },
      freer: { type: ['object', 'null'] },
      placement: {
        type: ['object', 'null'],
        properties: {
          method: { enum: ['exact', 'annealing'] },
          stepSeconds: number,
          rankOrderSeconds: number,
          greedySeconds: number,
          tried: count,
          seed: count,
        },
      },
      slowLinks: {
        type: 'array',
        items: closed({
          from: text,
          to: text,
          bytesPerSecond: number,
          medianBytesPerSecond: number,
          costSeconds: number,
        }),
      },
      certificate: closed(
        {
          space: count,
          rejected: {
            type: 'array',
            items: closed({ rule: text, count, example: closed({ configuration: text, reason }) }),
          },
          boundedAway: count,
          evaluated: count,
          left: count,
          unproven: count,
          optimal: { type: 'boolean' },
          gap: { type: ['number', 'null'] },
          cutBy: { type: ['string', 'null'] },
        },
        ['unproven'],
      ),
      rejected: { type: 'object', additionalProperties: count },
      whyNot: { type: 'object' },
      from: { type: 'object' },
    },
    ['whyNot', 'from'],
  ),
};

export const estimateOutputSchema: JsonSchema = {
  $id: 'shardwright.estimate/1',
  title: 'One configuration, as printed by estimate --json',
  ...closed({
    schema: { const: 'shardwright.estimate/1' },
    ...origin,
    problem,
    inferred: strings,
    ...costed,
  }),
};

export const sweepOutputSchema: JsonSchema = {
  $id: 'shardwright.sweep/1',
  title: 'The best plan by budget of GPUs or memory, as printed by plan --gpus or --pareto with --json',
  ...closed({
    schema: { const: 'shardwright.sweep/1' },
    ...origin,
    sweeps: {
      type: 'array',
      items: closed({
        kind: { enum: ['gpus', 'pareto-memory', 'pareto-gpus'] },
        points: { type: 'array', items: closed({ budget: number, plan: { type: ['object', 'null'] } }) },
      }),
    },
  }),
};

export const compareOutputSchema: JsonSchema = {
  $id: 'shardwright.compare/1',
  title: 'Clusters side by side, as printed by compare --json',
  ...closed({
    schema: { const: 'shardwright.compare/1' },
    toolVersion: text,
    problem: closed({ model: text, sequenceLength: count, globalBatchSize: count, precision: text }),
    clusters: {
      type: 'array',
      items: closed({
        cluster: text,
        gpus: count,
        best: { type: ['object', 'null'] },
        reason: { type: ['object', 'null'] },
        tokensPerSecond: { type: ['number', 'null'] },
        ratioToFirst: { type: ['number', 'null'] },
        tiedWithFirst: { type: 'boolean' },
        dollarsPerHour: { type: ['number', 'null'] },
        dollarsPerMillionTokens: { type: ['number', 'null'] },
      }),
    },
  }),
};

export const errorOutputSchema: JsonSchema = {
  $id: 'shardwright.error/1',
  title: 'Any failure under --json',
  ...closed(
    {
      schema: { const: 'shardwright.error/1' },
      exitCode: count,
      message: text,
      expected: text,
      hint: text,
      at: closed({ file: text, line: count, column: count }, ['line', 'column']),
    },
    ['expected', 'hint', 'at'],
  ),
};
