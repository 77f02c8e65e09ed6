import { isMoe } from '../../layers/layer.ts';
import { latent } from '../../layers/mixers/latent.ts';
import { degreesOf } from '../../search/label.ts';
import { chunksInOrder } from '../laws/chunks.ts';
import { no, type ProblemRule, type Rule } from '../laws/rule.ts';
import { architecture } from './architecture-rule.ts';
import { hasLinearBias } from './model-arguments.ts';

/** Constraints of Megatron-LM's argument validator and of its process groups, which the validator does not check. */

const schedule: Rule = (_, plan) => {
  const { id, virtualStages, vocabulary } = plan.schedule;
  if (vocabulary !== undefined)
    return no('vocabulary', `vocabulary parallelism ${vocabulary}`, 'the vocabulary on the ends');
  const { pp } = degreesOf(plan);
  const microBatches = plan.pipelines[0]!.stages[0]!.replicas[0]!.microBatches;
  if (id !== '1f1b' && id !== 'interleaved-1f1b')
    return no('schedule', `schedule ${id}`, '1f1b or interleaved-1f1b');
  if (virtualStages === 1) return null;
  if (pp < 2) return no('virtual-stages', `${virtualStages} virtual stages, pp=${pp}`, 'pp of 2 or more');
  if (microBatches % pp !== 0)
    return no('interleaved-micro-batches', `${microBatches} micro-batches`, `a multiple of pp=${pp}`);
  return null;
};

const experts: Rule = ({ model }, plan) => {
  const { tp, cp, dp, ep, etp } = degreesOf(plan);
  if (!isMoe(model) && (ep > 1 || etp > 1))
    return no('experts', `ep=${ep}, etp=${etp}`, 'a model with experts');
  if ((tp * cp * dp) % (ep * etp) !== 0)
    return no('expert-grid', `ep·etp = ${ep * etp}`, `a divisor of tp·cp·dp = ${tp * cp * dp}`);
  if (etp > 1 && hasLinearBias(model)) return no('expert-bias', `etp=${etp} with linear biases`, 'etp=1');
  return null;
};

const sequence: Rule = ({ workload: { sequenceLength } }, plan) => {
  const { cp } = degreesOf(plan);
  return cp > 1 && sequenceLength % (2 * cp) !== 0
    ? no('sequence-divisible', `sequence length ${sequenceLength}`, `a multiple of 2·cp = ${2 * cp}`)
    : null;
};

const batch: Rule = ({ workload: { globalBatchSize } }, plan) => {
  const step = plan.microBatchSize * degreesOf(plan).dp;
  return globalBatchSize % step !== 0
    ? no('batch-divisible', `global batch ${globalBatchSize}`, `a multiple of micro-batch·dp = ${step}`)
    : null;
};

/** Empty stages parse but deadlock (Megatron-LM issue 1852); chunk i must lie on pipeline rank i mod P. */
const layout: Rule = (_, plan) => {
  const chunks = chunksInOrder(plan);
  const { pp } = degreesOf(plan);
  if (chunks.some(({ first, end }) => end <= first))
    return no('empty-stage', 'a stage without layers', 'one');
  const off = chunks.findIndex(({ stage }, i) => stage !== i % pp);
  return off < 0
    ? null
    : no('chunk-order', `chunk ${off} on stage ${chunks[off]!.stage}`, `stage ${off % pp}`);
};

/** Megatron makes as many sets of shards of the experts' states as of the others (core/parallel_state.py). */
const shardGroup: Rule = ({ model }, { shardGroup: size, ...plan }) => {
  const { tp, dp, cp, ep, etp } = degreesOf({ ...plan, shardGroup: size });
  if (size === null) return null;
  if ((dp * cp) % size !== 0)
    return no('shard-group', `groups of ${size}`, `a divisor of dp·cp = ${dp * cp}`);
  const [instances, expert] = [(dp * cp) / size, (tp * cp * dp) / (ep * etp)];
  return isMoe(model) && expert % instances !== 0
    ? no('shard-group', `${instances} shard groups`, `a divisor of the experts' dp ${expert}`)
    : null;
};

const recompute: Rule = ({ model }, plan) => {
  const { modules, layersPerStage } = plan.recompute;
  const { virtualStages } = plan.schedule;
  // Megatron counts them in each chunk, the estimate through the chunks of a stage.
  if (layersPerStage !== null && virtualStages > 1)
    return no(
      'recompute-layers',
      `full recomputation of ${layersPerStage} layers a stage, ${virtualStages} virtual stages`,
      'all layers, or no virtual stages',
      'Maybe recompute=full.',
    );
  const moe = isMoe(model);
  const compressed = model.kinds.some(({ mixer }) => latent.is(mixer));
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

const precision: ProblemRule = ({ model, workload }) => {
  if (workload.precision === 'fp16' && isMoe(model))
    return no('expert-precision', 'fp16 with grouped experts', 'bf16 or lower', 'Maybe --precision bf16.');
  return workload.precision === 'fp8-rowwise'
    ? no(
        'precision',
        'fp8 with a scale for each row',
        'bf16, fp16, fp8, mxfp8 or nvfp4',
        'Maybe --precision fp8.',
      )
    : null;
};

const fsdpPrecision: Rule = ({ workload }, plan) =>
  plan.optimizerSharding >= 2 && workload.precision === 'fp16'
    ? no('fsdp-precision', 'fp16 with sharded gradients', 'bf16 or fp8')
    : null;

export const MEGATRON_PROBLEM_RULES: readonly ProblemRule[] = [architecture, precision];

export const MEGATRON_PLAN_RULES: readonly Rule[] = [
  schedule,
  experts,
  sequence,
  batch,
  layout,
  shardGroup,
  recompute,
  fsdpPrecision,
];
