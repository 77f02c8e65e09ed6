import { closed, count, flag, list, positive, some } from '../document/shapes.ts';
import { shared } from '../document/shared.ts';
import {
  OPTIMIZER_SHARDINGS,
  RECOMPUTE_MODES,
  RECOMPUTE_MODULES,
  SCHEDULES,
  VOCABULARY_SPLITS,
} from '../domain/plan.ts';

/** Layers first … end − 1. */
export const range = closed({ first: count, end: count });

export const recompute = closed({
  mode: { enum: RECOMPUTE_MODES },
  modules: list({ enum: RECOMPUTE_MODULES }),
  layersPerStage: { type: ['integer', 'null'] },
});

export const optimizerSharding = { enum: OPTIMIZER_SHARDINGS } as const;

const replica = closed({
  count,
  group: count,
  firstDevice: count,
  tensorParallel: positive,
  microBatches: count,
});

/** The plan itself, as `emit` reads it back. */
export const plan = shared(
  'plan',
  closed({
    pipelines: some(
      closed({ stages: some(closed({ chunks: some(range), replicas: some(replica) })), microBatches: count }),
    ),
    schedule: closed(
      { id: { enum: SCHEDULES }, virtualStages: positive },
      { vocabulary: { enum: VOCABULARY_SPLITS } },
    ),
    microBatchSize: positive,
    contextParallel: positive,
    expertParallel: positive,
    expertTensorParallel: positive,
    sequenceParallel: flag,
    recompute,
    optimizerSharding,
    shardGroup: { type: ['integer', 'null'] },
    nodeOrder: { type: ['array', 'null'], items: count },
  }),
);
