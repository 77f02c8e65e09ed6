import type { JsonSchema } from './validator.ts';

const share = { type: 'number', minimum: 0, maximum: 1 };
const object = (properties: Record<string, unknown>, description = '') => ({
  type: 'object',
  description,
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
});

export const stackSchema: JsonSchema = {
  $id: 'shardwright.stack/1',
  title: 'A software stack: kernels, launch behaviour, overlap, bookkeeping',
  ...object({
    schema: { const: 'shardwright.stack/1' },
    id: { type: 'string' },
    name: { type: 'string' },
    attentionKernel: { enum: ['unfused', 'flash1', 'flash2', 'flash3'] },
    dropoutMasks: { type: 'boolean' },
    lossKernel: { enum: ['fused', 'unfused', 'fp32', 'compiled'] },
    fusedActivation: { type: 'boolean' },
    compiled: { type: 'boolean' },
    state: object(
      { weights: { type: 'number' }, gradients: { type: 'number' }, optimizer: { type: 'number' } },
      'Bytes per parameter.',
    ),
    gradAccumulationFusion: { type: 'boolean' },
    cudaGraphs: { enum: ['none', 'partial', 'full'] },
    moeDispatcher: { enum: ['allgather', 'alltoall', 'deepep', 'hybridep'] },
    routing: { enum: ['natural', 'balanced'] },
    contextExchange: { enum: ['ring', 'all-gather', 'all-to-all'] },
    overlap: object(
      {
        dataParallel: share,
        tensorParallel: share,
        contextParallel: share,
        expertParallel: share,
        pipeline: share,
      },
      'Share of each communication that compute can hide.',
    ),
    host: object({ timePerUnit: { type: 'string' }, timePerStep: { type: 'string' } }),
    allocator: object({
      reservedOverAllocated: { type: 'number', minimum: 1 },
      context: { type: 'string' },
      perCommunicator: { type: 'string' },
    }),
    vocabularyPadding: { type: 'integer', minimum: 1 },
    extraResiduals: { type: 'number', minimum: 0 },
    keepsPipelineOutputs: { type: 'boolean' },
    fullySharded: { type: 'boolean' },
    shardedTraffic: { enum: ['all-nics', 'one-nic'] },
    timeMultiplier: object({
      value: { type: 'number', exclusiveMinimum: 0 },
      width: { type: 'number', minimum: 0 },
    }),
  }),
};
