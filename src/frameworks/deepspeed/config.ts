import { microBatchSizeOf, type Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { dataOverlap } from '../../techniques/data-overlap.ts';
import { recompute } from '../../techniques/recompute.ts';
import { zero } from '../../techniques/zero.ts';
import { offloadSections } from './offload.ts';
import { bf16Config, optimizerConfig } from './optimizer.ts';

/**
 * train_batch_size = micro batch · accumulation steps · data-parallel size; Ulysses ranks do not count as data parallel
 * (deepspeed/runtime/config.py@029f12b, _configure_train_batch_size). Their mesh is set up from the file alone only where it
 * has both sizes (deepspeed/__init__.py@0a1fbe1, initialize).
 */
export function config(problem: Problem, plan: Plan) {
  const { model, workload } = problem;
  const { cp, dp, dpShard } = degreesOf(plan);
  const stage = zero.of(plan.techniques);
  return {
    train_batch_size: workload.globalBatchSize,
    train_micro_batch_size_per_gpu: microBatchSizeOf(plan),
    gradient_accumulation_steps: plan.pipelines[0]!.stages[0]!.replicas[0]!.microBatches,
    ...(cp > 1 ? { sequence_parallel_size: cp, data_parallel_size: dp } : {}),
    ...precisionConfig(problem),
    ...optimizerConfig(problem, plan),
    gradient_clipping: 1.0,
    ...(recompute.of(plan.techniques).mode === 'full'
      ? {
          activation_checkpointing: {
            number_checkpoints: model.layers.length,
          },
        }
      : {}),
    zero_optimization: {
      stage,
      overlap_comm: stage > 0 && dataOverlap.of(plan.techniques) === 'all',
      ...offloadSections(plan),
      ...(stage >= 2 ? { reduce_bucket_size: 500_000_000, contiguous_gradients: true } : {}),
      ...(stage === 3
        ? {
            stage3_prefetch_bucket_size: 50_000_000,
            stage3_param_persistence_threshold: 100_000,
            ...(dpShard === dp ? {} : { mics_shard_size: dpShard * cp }),
          }
        : {}),
    },
  };
}

/** With neither enabled, all is in fp32 (deepspeed/runtime/precision_config.py@0ac4684). */
function precisionConfig(problem: Problem) {
  switch (problem.workload.precision) {
    case 'bf16':
      return { bf16: { enabled: true, ...bf16Config(problem) } };
    case 'fp16':
      return { fp16: { enabled: true } };
    default:
      return {};
  }
}
