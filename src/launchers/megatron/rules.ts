import { degreesOf } from '../../search/label.ts';
import { chunksInOrder } from '../chunks.ts';
import { no, type Rule } from '../rule.ts';
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

const heads: Rule = ({ model }, plan) => {
  const { tp } = degreesOf(plan);
  for (const { attention: a } of model.kinds) {
    if (a.heads % tp !== 0) return no('heads-divisible-by-tp', `${a.heads} heads`, `a multiple of tp=${tp}`);
    if (a.kind === 'softmax' && a.kvHeads % tp !== 0 && tp % a.kvHeads !== 0)
      return no('kv-heads-divisible-by-tp', `${a.kvHeads} key-value heads`, `a multiple or divisor of ${tp}`);
  }
  return null;
};

const experts: Rule = ({ model }, plan) => {
  const { tp, cp, dp, ep, etp } = degreesOf(plan);
  const moe = model.kinds.flatMap(({ mlp }) => (mlp.kind === 'moe' ? [mlp] : []));
  if (moe.length === 0 && (ep > 1 || etp > 1))
    return no('experts', `ep=${ep}, etp=${etp}`, 'a model with experts');
  for (const mlp of moe) {
    if (mlp.experts % ep !== 0)
      return no('experts-divisible-by-ep', `${mlp.experts} experts`, `a multiple of ep=${ep}`);
  }
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

const shardGroup: Rule = (_, { shardGroup: size, ...plan }) => {
  const { dp, cp } = degreesOf({ ...plan, shardGroup: size });
  return size !== null && (dp * cp) % size !== 0
    ? no('shard-group', `groups of ${size}`, `a divisor of dp·cp = ${dp * cp}`)
    : null;
};

const recompute: Rule = ({ model }, plan) => {
  const { modules } = plan.recompute;
  const moe = model.kinds.some(({ mlp }) => mlp.kind === 'moe');
  const latent = model.kinds.some(({ attention }) => attention.kind === 'latent');
  const odd = modules.find(
    (name) =>
      (!moe && (name === 'moe_act' || name === 'moe' || name === 'shared_experts')) ||
      (!latent && name === 'mla_up_proj') ||
      // Operator-wise checkpointing is PyTorch's, not one of Megatron's modules.
      name === 'op',
  );
  return odd === undefined
    ? null
    : no('recompute-module', `recompute of ${odd}`, 'modules of Megatron-LM that the model has');
};

const precision: Rule = ({ workload }, plan) => {
  if (workload.precision === 'fp8-rowwise')
    return no(
      'precision',
      'fp8 with a scale for each row',
      'bf16, fp16, fp8, mxfp8 or nvfp4',
      'Maybe --precision fp8.',
    );
  return plan.optimizerSharding >= 2 && workload.precision === 'fp16'
    ? no('fsdp-precision', 'fp16 with sharded gradients', 'bf16 or fp8')
    : null;
};

/** Families whose residual stream runs attention and MLP side by side. */
const PARALLEL_RESIDUAL = new Set(['falcon', 'gpt_neox', 'phi']);

/** Flags describe one architecture for all layers, dense or expert apart. */
const architecture: Rule = ({ model }) => {
  const refuse = (what: string) =>
    no(
      'model-architecture',
      what,
      'a model its flags describe',
      'Maybe --to json, for a model file of yours.',
    );
  if (PARALLEL_RESIDUAL.has(model.family)) return refuse(`${model.family} with parallel residual`);
  if (model.norm.perLayer !== 2) return refuse(`${model.norm.perLayer} norms in a layer`);
  if (new Set(model.kinds.map(({ attention }) => JSON.stringify(attention))).size > 1)
    return refuse('layers of different attention');
  for (const kind of ['dense', 'moe'] as const) {
    const kinds = model.kinds.filter(({ mlp }) => mlp.kind === kind);
    if (kinds.length > 1) return refuse(`${kinds.length} kinds of ${kind} layer`);
  }
  const { attention } = model.kinds[0]!;
  if (attention.kind === 'softmax' && (attention.sinks || attention.slidingWindow !== null))
    return refuse(attention.sinks ? 'attention sinks' : 'sliding-window attention');
  return null;
};

export const MEGATRON_RULES: readonly Rule[] = [
  architecture,
  schedule,
  heads,
  experts,
  sequence,
  batch,
  layout,
  shardGroup,
  recompute,
  precision,
];
