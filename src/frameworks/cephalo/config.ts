import {
  microBatchSizeIn,
  type Plan,
  type ReplicaBlock,
  type Stage,
  stateShareOf,
} from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { optimizerInBackward } from '../../techniques/optimizer-in-backward.ts';
import { recompute } from '../../techniques/recompute.ts';
import { modelName } from '../zorse/models.ts';

/** Something of each GPU, in the order of ranks. */
function perRank({ pipelines }: Plan, of: (stage: Stage, block: ReplicaBlock) => number): number[] {
  const stage = pipelines[0]!.stages[0]!;
  return stage.replicas.flatMap((block) => new Array<number>(block.count).fill(of(stage, block)));
}

function microBatchesPerRank(plan: Plan): number[] {
  return perRank(plan, (_, { microBatches }) => microBatches);
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
  const shares = perRank(plan, (stage, block) => stateShareOf(stage, block) ?? 1 / microBatches.length);
  return {
    model_name: modelName(model)!,
    vocab_size: model.vocabSize,
    seq_length: workload.sequenceLength,
    uneven_batch_sizes: perRank(plan, (stage, block) => block.microBatches * microBatchSizeIn(stage, block)),
    uneven_microbatches: microBatches,
    split_uneven: shares.some((share) => share !== shares[0]),
    split_uneven_partitions: shares,
    recompute_layer: !ga && recompute.of(plan.techniques).mode === 'full',
    ga,
    use_activation_buffers: ga,
    use_prefetch_backwards: ga,
    ...(optimizerInBackward.of(plan.techniques) ? { optimizer_in_backwards: true } : {}),
    reduce_dtype: 'float32',
    autocast_dtype: workload.precision === 'bf16' ? 'bfloat16' : 'float16',
    skip_profile: true,
    experiment_name: 'shardwright',
  };
}
