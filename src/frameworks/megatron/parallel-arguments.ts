import { microBatchSizeOf, type Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Stack } from '../../domain/stack.ts';
import { isMoe } from '../../layers/layer.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { contextExchange } from '../../techniques/context-exchange.ts';
import { dataOverlap } from '../../techniques/data-overlap.ts';
import { fp8Weights } from '../../techniques/fp8-weights.ts';
import { pricedLoss } from '../../techniques/loss.ts';
import { recompute } from '../../techniques/recompute.ts';
import { sequenceParallel } from '../../techniques/sequence-parallel.ts';
import { tensorOverlap } from '../../techniques/tensor-overlap.ts';
import { zero } from '../../techniques/zero.ts';
import { isEven } from '../laws/chunks.ts';
import { contextArguments } from './context-exchange.ts';
import { hybridDepth, isHybrid } from './hybrid-layers.ts';
import { pipelineLayout } from './layout.ts';
import { lossArguments } from './loss.ts';
import { offloadArguments } from './offload.ts';
import { optimizerArguments } from './optimizer.ts';
import { PRECISION } from './precision.ts';
import { recomputeArguments } from './recompute.ts';

const FSDP_STRATEGY = { 2: 'optim_grads', 3: 'optim_grads_params' } as const;

/** Megatron-LM's flags for the split, the batch and the precision, one word per entry. */
export function parallelArguments(problem: Problem, plan: Plan): string[] {
  const { model, workload, stack } = problem;
  const { tp, pp, cp, ep, etp } = degreesOf(plan);
  const args = [
    ...['--tensor-model-parallel-size', tp, '--pipeline-model-parallel-size', pp],
    ...(cp > 1 ? ['--context-parallel-size', cp] : []),
    ...contextArguments(contextExchange.of(plan.techniques), cp),
    ...(isMoe(model)
      ? [
          ...['--expert-model-parallel-size', ep, '--expert-tensor-parallel-size', etp],
          ...dispatcherArguments(stack, ep * etp),
          ...capacityArguments(workload),
        ]
      : []),
    ...pipelineArguments(problem, plan),
    ...(sequenceParallel.of(plan.techniques) && tp > 1 ? ['--sequence-parallel'] : []),
    ...(tensorOverlap.of(plan.techniques) === 'userbuffers' ? ['--tp-comm-overlap'] : []),
    ...shardingArguments(plan),
    ...lossArguments(pricedLoss(problem, plan)),
    ...offloadArguments(plan),
    ...recomputeArguments(recompute.of(plan.techniques), isHybrid(model) ? (hybridDepth(model) ?? 1) : 1),
    ...(workload.packing?.separate === true ? ['--sft'] : []),
    ...['--micro-batch-size', microBatchSizeOf(plan), '--global-batch-size', workload.globalBatchSize],
    ...optimizerArguments(problem, plan),
    ...(PRECISION[workload.precision as keyof typeof PRECISION] ?? []),
    ...(fp8Weights.of(plan.techniques) ? ['--fp8-param-gather'] : []),
  ];
  // Offloading and formats of states each ask for it.
  const twice = '--use-precision-aware-optimizer';
  return args.map(String).filter((word, i, all) => word !== twice || all.indexOf(word) === i);
}

/**
 * DeepEP and HybridEP are back ends of the flexible dispatcher, which takes several GPUs
 * (`MoEFlexTokenDispatcher`, megatron/core/transformer/moe/token_dispatcher.py).
 */
function dispatcherArguments({ moeDispatcher }: Stack, gpus: number): string[] {
  const flexible = moeDispatcher === 'deepep' || moeDispatcher === 'hybridep';
  if (flexible && gpus > 1)
    return ['--moe-token-dispatcher-type', 'flex', '--moe-flex-dispatcher-backend', moeDispatcher];
  return ['--moe-token-dispatcher-type', flexible ? 'alltoall' : moeDispatcher];
}

/** What finds no room is dropped, and nothing padded (MoE's token_dispatcher.py@d98e8a6). */
function capacityArguments({ routing }: Problem['workload']): (string | number)[] {
  return routing?.capacity === undefined ? [] : ['--moe-expert-capacity-factor', routing.capacity];
}

function pipelineArguments({ model }: Problem, plan: Plan): (string | number)[] {
  const { vpp } = plan.dims;
  const stages = plan.pipelines[0]!.stages.length;
  if (stages === 1 || isHybrid(model)) return [];
  if (!isEven(plan) || model.mtpLayers > 0)
    return ['--pipeline-model-parallel-layout', pipelineLayout(model, plan)];
  return vpp > 1 ? ['--num-virtual-stages-per-pipeline-rank', vpp] : [];
}

/**
 * Without the meta device Megatron-FSDP first builds the whole model on each GPU, beside what it then shards
 * (docs/user-guide of Megatron-LM, its recommended configuration; any strategy but no_shard takes it).
 */
function shardingArguments({ techniques, dims: { dpReplicate } }: Plan): (string | number)[] {
  const stage = zero.of(techniques);
  const overlap = dataOverlap.of(techniques);
  const reduce = overlap === 'none' ? [] : ['--overlap-grad-reduce'];
  if (stage === 0) return reduce;
  const instances = dpReplicate === 1 ? [] : ['--num-distributed-optimizer-instances', dpReplicate];
  const gather = overlap === 'all' ? ['--overlap-param-gather'] : [];
  const common = ['--use-distributed-optimizer', ...reduce, ...gather];
  if (stage === 1) return [...common, ...instances];
  return [
    ...common,
    ...['--use-megatron-fsdp', '--data-parallel-sharding-strategy', FSDP_STRATEGY[stage]],
    ...['--ckpt-format', 'fsdp_dtensor', '--init-model-with-meta-device'],
    ...instances,
  ];
}
