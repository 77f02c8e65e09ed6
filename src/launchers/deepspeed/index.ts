import { isMoe } from '../../domain/model.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { degreesOf } from '../../search/label.ts';
import { hostsScript } from '../hosts-script.ts';
import { HOST_ORDER, type Launcher } from '../launcher.ts';
import { firstBroken, type Rule, recomputeAllOrNothing, no as refusal } from '../rule.ts';
import { structureRules } from '../structure.ts';
import { deepspeedReader } from './reader.ts';

const capabilities = { ...HOST_ORDER, unevenLayers: false };

const MAYBE_MEGATRON = 'Maybe --launcher megatron.';

/** What a DeepSpeed JSON can say by itself: ZeRO, Ulysses sequence parallelism, precision, the batch equation. */
const json: Rule = ({ model, workload }, plan) => {
  const { tp, pp, cp } = degreesOf(plan);
  const no = (rule: string, actual: string, limit: string) => refusal(rule, actual, limit, MAYBE_MEGATRON);
  if (pp > 1) return no('pipeline', `pp=${pp}`, '1: a pipeline is built in code, not in the JSON');
  if (tp > 1) return no('tensor-parallel', `tp=${tp}`, '1: training with AutoTP is not planned for');
  if (isMoe(model)) return no('experts', 'a model with experts', 'a dense model');
  if (workload.precision !== 'bf16' && workload.precision !== 'fp16')
    return no('precision', workload.precision, 'bf16 or fp16');
  for (const { attention } of model.kinds) {
    if (attention.heads % cp !== 0)
      return no(
        'ulysses-heads',
        `${attention.heads} heads`,
        `a multiple of the sequence-parallel size ${cp}`,
      );
  }
  return null;
};

const rules = [...structureRules('DeepSpeed', capabilities), json, recomputeAllOrNothing];

/** DeepSpeed: `ds_config.json` for a training program of one's own, and a launch script. */
export const deepspeed: Launcher = {
  id: 'deepspeed',
  name: 'DeepSpeed',
  stack: 'deepspeed',
  capabilities,
  reader: deepspeedReader,
  reject: (problem, plan) => firstBroken(rules, problem, plan),
  render: (problem, plan, { origin }) => [
    { path: 'ds_config.json', content: `${JSON.stringify(config(problem, plan), null, 2)}\n` },
    {
      path: 'launch.sh',
      executable: true,
      content: hostsScript({
        problem,
        plan,
        origin,
        environment: {
          SEQUENCE_LENGTH: String(problem.workload.sequenceLength),
          // Recomputation is the program's: model.gradient_checkpointing_enable() or deepspeed.checkpointing.
          ACTIVATION_CHECKPOINTING: plan.recompute.mode === 'full' ? '1' : '0',
        },
        prepare: [],
        program: `"\${TRAIN_SCRIPT:?set TRAIN_SCRIPT to your training program}" --deepspeed --deepspeed_config ds_config.json "$@"`,
      }),
    },
  ],
};

/**
 * train_batch_size = micro batch · accumulation steps · data-parallel size; Ulysses ranks do not count as data parallel
 * (deepspeed/runtime/config.py, _configure_train_batch_size).
 */
function config({ model, workload }: Problem, plan: Plan) {
  const { cp } = degreesOf(plan);
  const stage = plan.optimizerSharding;
  return {
    train_batch_size: workload.globalBatchSize,
    train_micro_batch_size_per_gpu: plan.microBatchSize,
    gradient_accumulation_steps: plan.pipelines[0]!.stages[0]!.replicas[0]!.microBatches,
    ...(cp > 1 ? { sequence_parallel_size: cp } : {}),
    ...(workload.precision === 'bf16' ? { bf16: { enabled: true } } : { fp16: { enabled: true } }),
    gradient_clipping: 1.0,
    ...(plan.recompute.mode === 'full'
      ? {
          activation_checkpointing: {
            number_checkpoints: model.layers.length,
          },
        }
      : {}),
    zero_optimization: {
      stage,
      overlap_comm: stage > 0,
      ...(stage >= 2 ? { reduce_bucket_size: 500_000_000, contiguous_gradients: true } : {}),
      ...(stage === 3
        ? {
            stage3_prefetch_bucket_size: 50_000_000,
            stage3_param_persistence_threshold: 100_000,
            ...(plan.shardGroup === null ? {} : { zero_hpz_partition_size: plan.shardGroup }),
          }
        : {}),
    },
  };
}
