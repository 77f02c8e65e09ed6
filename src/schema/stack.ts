import { documentSchema } from '../document/document-schema.ts';
import { closed, flag, size, text } from '../document/shapes.ts';
import {
  ATTENTION_FORMATS,
  ATTENTION_KERNELS,
  CASTS,
  CHUNKED_LOSSES,
  CONTEXT_EXCHANGES,
  CUDA_GRAPHS,
  ELEMENTWISES,
  GRADIENTS_TO_OWNERS,
  LOSS_KERNELS,
  MOE_DISPATCHERS,
  PIPELINE_TRANSFERS,
  ROUTINGS,
  SHARDED_ENDS,
  SHARDED_TRAFFICS,
  UPDATED_WEIGHTS,
  UPDATES,
} from '../domain/stack.ts';

/** Bytes of one parameter: two fp64 at most. */
const perParameter = { type: 'number', minimum: 0, maximum: 16 } as const;
const share = { type: 'number', minimum: 0, maximum: 1 } as const;

export const stackSchema = documentSchema({
  $id: 'shardwright.stack/1',
  title: 'A software stack: kernels, launch behaviour, overlap, bookkeeping',
  ...closed(
    {
      schema: { const: 'shardwright.stack/1' },
      id: text,
      name: text,
      attentionKernel: { enum: ATTENTION_KERNELS },
      dropoutMasks: flag,
      lossKernel: { enum: LOSS_KERNELS },
      fusedActivation: flag,
      compiled: flag,
      state: {
        ...closed(
          { weights: perParameter, gradients: perParameter, master: perParameter, moment: perParameter },
          { bf16Gradients: perParameter },
        ),
        description: 'Bytes per parameter. Gradients in bf16 may be kept in other bytes than in fp16.',
      },
      gradAccumulationFusion: flag,
      cudaGraphs: { enum: CUDA_GRAPHS },
      moeDispatcher: { enum: MOE_DISPATCHERS },
      routing: { enum: ROUTINGS },
      contextExchange: { enum: CONTEXT_EXCHANGES },
      overlap: {
        ...closed(
          {
            dataParallel: share,
            tensorParallel: share,
            contextParallel: share,
            expertParallel: share,
            pipeline: share,
          },
          { userbuffers: share, async: share },
        ),
        description:
          'Share of each communication that compute can hide; of tensor parallelism also with userbuffers, or async under a compiler, where there are such.',
      },
      host: closed({ timePerUnit: text, timePerStep: text }),
      allocator: closed({
        reservedOverAllocated: { type: 'number', minimum: 1, maximum: 5 },
        context: text,
        perCommunicator: text,
      }),
      vocabularyPadding: size,
      extraResiduals: { type: 'number', minimum: 0, maximum: 100 },
      keepsPipelineOutputs: flag,
      fullySharded: flag,
      shardedTraffic: { enum: SHARDED_TRAFFICS },
      timeMultiplier: closed({
        value: { type: 'number', minimum: 0.01, maximum: 100 },
        width: { type: 'number', minimum: 0, maximum: 10 },
      }),
    },
    {
      // Left out: none.
      metricLosses: { type: 'integer', minimum: 0, maximum: 100 },
      attentionFormat: {
        enum: ATTENTION_FORMATS,
        description:
          "What attention's products are worked out in: 16 bits (left out), or fp8 where the GPU has it.",
      },
      chunkedLoss: {
        enum: CHUNKED_LOSSES,
        description: 'Chunks of a loss go backward each before the next, or after all are through.',
      },
      castsLogits: {
        ...flag,
        description: 'Logits are cast to fp32 by a kernel of its own, and the loss works on those.',
      },
      elementwise: {
        enum: ELEMENTWISES,
        description:
          'Norms, rotations and activations that no compiler fuses: kernels of a library, or written out in torch operators.',
      },
      expertsOneByOne: {
        ...flag,
        description: 'Experts run one after the other in torch operators, not as grouped GEMMs.',
      },
      halfSums: {
        ...flag,
        description: 'GEMMs of fp16 sum up in fp16: faster on GeForce cards, at less precision.',
      },
      widensGradients: {
        ...flag,
        description:
          "Gradients narrower than fp32 masters are copied as wide for the optimizer's step; left out: they are not.",
      },
      freesGradients: {
        ...flag,
        description: 'Gradients are let go between steps, not kept in a buffer (zero_grad of torch).',
      },
      shardedEnds: {
        enum: SHARDED_ENDS,
        description:
          'Embedding and head in the root group of FSDP, gathered all through the passes, or in groups of their own.',
      },
      casts: {
        enum: CASTS,
        description:
          'Where fp32 weights are cast to the 16 bits of compute: before they are gathered (FSDP MixedPrecision; left out), or for each use (torch.autocast alone), each copy kept until forward ends where weights are no views.',
      },
      updates: {
        enum: UPDATES,
        description:
          'The optimizer updates in one kernel (left out), or in one for each operation on all weights (foreach, the default of torch).',
      },
      updatedWeights: {
        enum: UPDATED_WEIGHTS,
        description:
          'How ranks get weights that others updated below ZeRO stage 3: gathered (left out), or broadcast by one owner after the other.',
      },
      pipelineTransfers: {
        enum: PIPELINE_TRANSFERS,
        description:
          'What tensor-parallel ranks send to the next stage without sequence parallelism: each its part (left out), or each the whole.',
      },
      gradientsToOwners: {
        enum: GRADIENTS_TO_OWNERS,
        description:
          'How gradients come to the ranks that own them below ZeRO stage 3. Left out: reduce-scatter.',
      },
      accumulatesWhole: {
        ...flag,
        description:
          'Gradients of micro-batches add up whole and are reduced once a step (FSDP no_sync). Left out: each are.',
      },
      engineBuffers: {
        ...closed({ reduce: text, live: text }),
        description:
          'What ZeRO sets aside: a bucket of gradients (stage 2 and 3), parameters left gathered (stage 3).',
      },
      keepsScoreBuffer: {
        ...flag,
        description: 'Unfused attention keeps a buffer for the scores of one layer all through the run.',
      },
    },
  ),
});
