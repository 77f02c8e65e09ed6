import { RECOMPUTE_MODULES, SCHEDULES, VOCABULARY_SPLITS } from '../domain/plan.ts';

const positive = { type: 'integer', minimum: 1 };
const count = { type: 'integer', minimum: 0 };

/** Layers first … end − 1. */
export const range = {
  type: 'object',
  additionalProperties: false,
  required: ['first', 'end'],
  properties: { first: count, end: count },
};

/** The plan itself, as `emit` reads it back. */
export const plan = {
  type: 'object',
  required: [
    'pipelines',
    'schedule',
    'microBatchSize',
    'contextParallel',
    'expertParallel',
    'expertTensorParallel',
    'sequenceParallel',
    'recompute',
    'optimizerSharding',
    'shardGroup',
    'nodeOrder',
  ],
  additionalProperties: false,
  properties: {
    pipelines: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['stages', 'microBatches'],
        properties: {
          microBatches: count,
          stages: {
            type: 'array',
            minItems: 1,
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['chunks', 'replicas'],
              properties: {
                chunks: { type: 'array', minItems: 1, items: range },
                replicas: {
                  type: 'array',
                  minItems: 1,
                  items: {
                    type: 'object',
                    additionalProperties: false,
                    required: ['count', 'group', 'firstDevice', 'tensorParallel', 'microBatches'],
                    properties: {
                      count,
                      group: count,
                      firstDevice: count,
                      tensorParallel: positive,
                      microBatches: count,
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
    schedule: {
      type: 'object',
      additionalProperties: false,
      required: ['id', 'virtualStages'],
      properties: {
        id: { enum: [...SCHEDULES] },
        virtualStages: positive,
        vocabulary: { enum: [...VOCABULARY_SPLITS] },
      },
    },
    microBatchSize: positive,
    contextParallel: positive,
    expertParallel: positive,
    expertTensorParallel: positive,
    sequenceParallel: { type: 'boolean' },
    recompute: {
      type: 'object',
      additionalProperties: false,
      required: ['mode', 'modules', 'layersPerStage'],
      properties: {
        mode: { enum: ['none', 'selective', 'full'] },
        modules: { type: 'array', items: { enum: [...RECOMPUTE_MODULES] } },
        layersPerStage: { type: ['integer', 'null'] },
      },
    },
    optimizerSharding: { enum: [0, 1, 2, 3] },
    shardGroup: { type: ['integer', 'null'] },
    nodeOrder: { type: ['array', 'null'], items: count },
  },
};
