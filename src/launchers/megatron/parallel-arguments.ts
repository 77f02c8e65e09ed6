import { isMoe } from '../../domain/model.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { degreesOf } from '../../search/label.ts';
import { isEven } from '../chunks.ts';
import { pipelineLayout } from './layout.ts';

const PRECISION = {
  bf16: ['--bf16'],
  fp16: ['--fp16'],
  fp8: ['--bf16', '--fp8-format', 'hybrid'],
  mxfp8: ['--bf16', '--fp8-format', 'e4m3', '--fp8-recipe', 'mxfp8'],
  nvfp4: ['--bf16', '--fp4-format', 'e2m1'],
} as const;

const FSDP_STRATEGY = { 2: 'optim_grads', 3: 'optim_grads_params' } as const;

/** Megatron-LM's flags for the split, the batch and the precision, one word per entry. */
export function parallelArguments(problem: Problem, plan: Plan): string[] {
  const { model, workload, stack } = problem;
  const { tp, pp, cp, dp, ep, etp } = degreesOf(plan);
  const args = [
    ...['--tensor-model-parallel-size', tp, '--pipeline-model-parallel-size', pp],
    ...(cp > 1 ? ['--context-parallel-size', cp] : []),
    ...(isMoe(model)
      ? [
          ...['--expert-model-parallel-size', ep, '--expert-tensor-parallel-size', etp],
          // DeepEP and HybridEP are back ends of the flexible dispatcher.
          ...[
            '--moe-token-dispatcher-type',
            stack.moeDispatcher.endsWith('ep') ? 'flex' : stack.moeDispatcher,
          ],
        ]
      : []),
    ...pipelineArguments(problem, plan),
    ...(plan.sequenceParallel && tp > 1 ? ['--sequence-parallel'] : []),
    ...shardingArguments(plan, dp * cp),
    ...recomputeArguments(plan),
    ...['--micro-batch-size', plan.microBatchSize, '--global-batch-size', workload.globalBatchSize],
    ...(PRECISION[workload.precision as keyof typeof PRECISION] ?? []),
  ];
  return args.map(String);
}

function pipelineArguments({ model }: Problem, plan: Plan): (string | number)[] {
  const { virtualStages } = plan.schedule;
  const stages = plan.pipelines[0]!.stages.length;
  if (stages === 1) return [];
  if (!isEven(plan) || model.mtpLayers > 0)
    return ['--pipeline-model-parallel-layout', pipelineLayout(model, plan)];
  return virtualStages > 1 ? ['--num-virtual-stages-per-pipeline-rank', virtualStages] : [];
}

function shardingArguments({ optimizerSharding, shardGroup }: Plan, group: number): (string | number)[] {
  if (optimizerSharding === 0) return ['--overlap-grad-reduce'];
  const instances =
    shardGroup === null || shardGroup === group
      ? []
      : ['--num-distributed-optimizer-instances', group / shardGroup];
  const common = ['--use-distributed-optimizer', '--overlap-grad-reduce', '--overlap-param-gather'];
  if (optimizerSharding === 1) return [...common, ...instances];
  return [
    ...common,
    ...['--use-megatron-fsdp', '--data-parallel-sharding-strategy', FSDP_STRATEGY[optimizerSharding]],
    ...['--ckpt-format', 'fsdp_dtensor'],
    ...instances,
  ];
}

function recomputeArguments({ recompute }: Plan): (string | number)[] {
  if (recompute.mode === 'none') return [];
  if (recompute.mode === 'selective')
    return ['--recompute-granularity', 'selective', '--recompute-modules', ...recompute.modules];
  const [method, layers] =
    recompute.layersPerStage === null ? ['uniform', 1] : ['block', recompute.layersPerStage];
  return ['--recompute-granularity', 'full', '--recompute-method', method, '--recompute-num-layers', layers];
}
