import { vendorsOf } from '../../domain/cluster.ts';
import { groupsOf, microBatchSizeOf, type Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { pipelineOverSockets } from '../../hardware/stage-boundary.ts';
import { DEVICE_BY_DEVICE, placesOf } from '../../launch-folder/ranks.ts';
import { recompute } from '../../techniques/recompute.ts';
import { modelName } from './models.ts';

/** One stage: which ranks hold its layers, and how many micro-batches each of them takes. */
export interface ZorseStage {
  readonly gpu_ranks: readonly number[];
  readonly num_microbatches_per_rank: readonly number[];
  /** From the first layer to the one after the last. */
  readonly layer_partition: readonly [number, number];
  /** Ranks that share one copy of the states. */
  readonly zero_config: readonly (readonly number[])[];
}

/** `zorse_config.json`: every key of it overrides the argument of the same name (zorse_utils/argparse.py). */
export function config({ model, cluster, workload }: Problem, plan: Plan) {
  const places = placesOf(plan, DEVICE_BY_DEVICE);
  const rankOf = new Map(places.map(({ device }, rank) => [device, rank]));
  const stages = plan.pipelines[0]!.stages.map(({ chunks, replicas }): ZorseStage => {
    const ranks = replicas.flatMap(({ firstDevice, count }) =>
      Array.from({ length: count }, (_, i) => rankOf.get(firstDevice + i)!),
    );
    const { first, end } = chunks[0]!;
    return {
      gpu_ranks: ranks,
      num_microbatches_per_rank: replicas.flatMap(({ count, microBatches }) =>
        new Array<number>(count).fill(microBatches),
      ),
      layer_partition: [first, end],
      zero_config: inGroups(ranks, ranks.length / plan.dims.dpReplicate),
    };
  });
  return {
    model_name: modelName(model)!,
    global_batch_size: workload.globalBatchSize,
    microbatch_size: microBatchSizeOf(plan),
    sequence_length: workload.sequenceLength,
    vocab_size: model.vocabSize,
    fused_optimizer: true,
    autocast_dtype: workload.precision === 'bf16' ? 'bfloat16' : 'float16',
    reduce_dtype: 'float32',
    // A stage of a pipeline stays gathered between micro-batches.
    zero2_pipeline: stages.length > 1,
    // NCCL and RCCL do not talk to each other, nor cards of unlike fabrics; Gloo talks to all.
    gloo_p2p: vendorsOf(cluster, groupsOf(plan)).size > 1 || pipelineOverSockets(cluster, plan.pipelines[0]!),
    recompute_layer: recompute.of(plan.techniques).mode === 'full',
    pipeline_config: stages,
  };
}

function inGroups(ranks: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(ranks.length / size) }, (_, i) =>
    ranks.slice(i * size, (i + 1) * size),
  );
}
