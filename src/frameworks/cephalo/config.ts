import { microBatchSizeOf, type Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { recompute } from '../../techniques/recompute.ts';
import { modelName } from '../zorse/models.ts';

/** Micro-batches of each GPU, in the order of ranks. */
function microBatchesPerRank({ pipelines }: Plan): number[] {
  return pipelines[0]!.stages[0]!.replicas.flatMap(({ count, microBatches }) =>
    new Array<number>(count).fill(microBatches),
  );
}

/** Whether it runs a layer for all micro-batches before the next layer; on all GPUs or on none. */
export function accumulates(plan: Plan): boolean {
  return microBatchesPerRank(plan).some((n) => n > 1);
}

/**
 * `cephalo_config.json`: every key sets the argument of the same name (maybe_load_config, trainfsdp.py@a8c75d3). With
 * accumulation, inputs of layers wait in host memory, and each layer is run again in backward without being told to.
 */
export function config({ model, workload }: Problem, plan: Plan) {
  const microBatches = microBatchesPerRank(plan);
  const ga = accumulates(plan);
  return {
    model_name: modelName(model)!,
    vocab_size: model.vocabSize,
    seq_length: workload.sequenceLength,
    uneven_batch_sizes: microBatches.map((n) => n * microBatchSizeOf(plan)),
    uneven_microbatches: microBatches,
    // The plan's states are shared equally; shares of another size go with split_uneven: true.
    split_uneven: false,
    split_uneven_partitions: microBatches.map(() => 1 / microBatches.length),
    recompute_layer: !ga && recompute.of(plan.techniques).mode === 'full',
    ga,
    use_activation_buffers: ga,
    use_prefetch_backwards: ga,
    reduce_dtype: 'float32',
    autocast_dtype: workload.precision === 'bf16' ? 'bfloat16' : 'float16',
    skip_profile: true,
    experiment_name: 'shardwright',
  };
}
