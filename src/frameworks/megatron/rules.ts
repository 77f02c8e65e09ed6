import { microBatchSizeOf } from '../../domain/plan.ts';
import { isMoe } from '../../layers/layer.ts';
import { latent } from '../../layers/mixers/latent.ts';
import { sparseLatent } from '../../layers/mixers/sparse-latent.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { fp8Weights } from '../../techniques/fp8-weights.ts';
import { recompute } from '../../techniques/recompute.ts';
import { zero } from '../../techniques/zero.ts';
import { chunksInOrder } from '../laws/chunks.ts';
import { no, type ProblemRule, type Rule } from '../laws/rule.ts';
import { architectureOrPattern, plainArchitecture } from './architecture-rule.ts';
import { EXCHANGE_RULES } from './exchange-rules.ts';
import { hybridChunks, hybridDepth, isHybrid } from './hybrid-layers.ts';
import { fusedLoss } from './loss.ts';
import { hasLinearBias } from './model-arguments.ts';
import { optimizerPrecision, optimizerSharding } from './optimizer.ts';

/** Constraints of Megatron-LM's argument validator and of its process groups, which the validator does not check. */

const schedule: Rule = (_, plan) => {
  const { pp, vpp } = degreesOf(plan);
  const microBatches = plan.pipelines[0]!.stages[0]!.replicas[0]!.microBatches;
  if (vpp === 1) return null;
  if (pp < 2) return no('virtual-stages', `${vpp} virtual stages, pp=${pp}`, 'pp of 2 or more');
  if (microBatches % pp !== 0)
    return no('interleaved-micro-batches', `${microBatches} micro-batches`, `a multiple of pp=${pp}`);
  return null;
};

const experts: Rule = ({ model }, plan) => {
  const { ep, etp } = degreesOf(plan);
  if (!isMoe(model) && (ep > 1 || etp > 1))
    return no('experts', `ep=${ep}, etp=${etp}`, 'a model with experts');
  if (etp > 1 && hasLinearBias(model)) return no('expert-bias', `etp=${etp} with linear biases`, 'etp=1');
  return null;
};

const batch: Rule = ({ workload: { globalBatchSize } }, plan) => {
  const step = microBatchSizeOf(plan) * degreesOf(plan).dp;
  return globalBatchSize % step !== 0
    ? no('batch-divisible', `global batch ${globalBatchSize}`, `a multiple of micro-batch·dp = ${step}`)
    : null;
};

/** pretrain_gpt.py@d98e8a6 takes one row of `cu_seqlens` for a micro-batch. */
const packed: Rule = ({ workload }, plan) =>
  workload.packing?.separate === true && microBatchSizeOf(plan) > 1
    ? no('packed-micro-batch', `micro-batch=${microBatchSizeOf(plan)} of packed samples`, 'micro-batch=1')
    : null;

/** Chunk i must lie on pipeline rank i mod P. Of empty ones only E and L run; others parse and deadlock (Megatron-LM issue 1852). */
const layout: Rule = (_, plan) => {
  const chunks = chunksInOrder(plan);
  const { pp } = degreesOf(plan);
  const off = chunks.findIndex(({ stage }, i) => stage !== i % pp);
  return off < 0
    ? null
    : no('chunk-order', `chunk ${off} on stage ${chunks[off]!.stage}`, `stage ${off % pp}`);
};

/** Megatron makes as many sets of shards of the experts' states as of the others (core/parallel_state.py). */
const optimizerInstances: Rule = ({ model }, plan) => {
  const { tp, dp, cp, ep, etp } = degreesOf(plan);
  const { dpReplicate } = plan.dims;
  const expert = (tp * cp * dp) / (ep * etp);
  return isMoe(model) && expert % dpReplicate !== 0
    ? no('dp-replicate', `dp-replicate=${dpReplicate}`, `a divisor of the experts' dp ${expert}`)
    : null;
};

const recomputation: Rule = ({ model }, { techniques, dims }) => {
  const { mode, modules, layersPerStage } = recompute.of(techniques);
  const { vpp: virtualStages } = dims;
  // Megatron counts them in each chunk, the estimate through the chunks of a stage.
  if (layersPerStage !== null && virtualStages > 1)
    return no(
      'recompute-layers',
      `full recomputation of ${layersPerStage} layers a stage, ${virtualStages} virtual stages`,
      'all layers, or no virtual stages',
      'Maybe recompute=full.',
    );
  if (
    mode === 'full' &&
    isHybrid(model) &&
    (hybridDepth(model) === null || (layersPerStage !== null && hybridDepth(model)! > 1))
  )
    return no(
      'recompute-hybrid',
      'full recomputation of layers of one part and of two, or of some',
      'of all layers, which have as many parts each',
      'Maybe recompute=selective.',
    );
  const moe = isMoe(model);
  const compressed = model.kinds.some(({ mixer }) => latent.is(mixer) || sparseLatent.is(mixer));
  const odd = modules.find(
    (name) =>
      (!moe && (name === 'moe_act' || name === 'moe' || name === 'shared_experts')) ||
      (!compressed && name === 'mla_up_proj') ||
      // Operator-wise checkpointing is PyTorch's, not one of Megatron's modules.
      name === 'op',
  );
  return odd === undefined
    ? null
    : no('recompute-module', `recompute of ${odd}`, 'modules of Megatron-LM that the model has');
};

const expertPrecision: ProblemRule = ({ model, workload }) =>
  workload.precision === 'fp16' && isMoe(model)
    ? no('expert-precision', 'fp16 with grouped experts', 'bf16 or lower', 'Maybe --precision bf16.')
    : null;

/** arguments.py@d98e8a6: "--fp8-param-gather only supported with distributed optimizer, torch fsdp2, megatron fsdp". */
const fp8Gather: Rule = (_, { techniques }) =>
  fp8Weights.of(techniques) && zero.of(techniques) === 0
    ? no('fp8-weights', 'fp8 weights with zero=0', 'zero=1 or more', 'Maybe zero=1.')
    : null;

const fsdpPrecision: Rule = ({ workload }, plan) =>
  zero.of(plan.techniques) >= 2 && workload.precision === 'fp16'
    ? no('fsdp-precision', 'fp16 with sharded gradients', 'bf16 or fp8')
    : null;

/** Of the run, whatever builds the model. */
export const RUN_RULES: readonly ProblemRule[] = [expertPrecision, optimizerPrecision];

/** Of frameworks with a Megatron of their own inside. */
export const MEGATRON_PROBLEM_RULES: readonly ProblemRule[] = [plainArchitecture, ...RUN_RULES];

export const MEGATRON_LM_PROBLEM_RULES: readonly ProblemRule[] = [architectureOrPattern, ...RUN_RULES];

export const MEGATRON_PLAN_RULES: readonly Rule[] = [
  ...EXCHANGE_RULES,
  schedule,
  experts,
  batch,
  packed,
  layout,
  hybridChunks,
  optimizerInstances,
  fusedLoss,
  recomputation,
  fp8Gather,
  fsdpPrecision,
  optimizerSharding,
];
