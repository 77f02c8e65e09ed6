import { degreesOf } from '../../plan-text/degrees.ts';
import { recompute } from '../../techniques/recompute.ts';
import { zero } from '../../techniques/zero.ts';
import { chunksInOrder } from '../laws/chunks.ts';
import { no, type ProblemRule, type Rule } from '../laws/rule.ts';
import { adapters } from './adapters.ts';
import { chunkedLoss } from './loss.ts';
import { offload } from './offload.ts';
import { MODELS, titanModelOf } from './registry.ts';
import { LOOPED, microBatchLimit, SCHEDULE_NAMES } from './schedules.ts';

const model: ProblemRule = ({ model: spec }) =>
  titanModelOf(spec) !== null
    ? null
    : no(
        'model-registry',
        spec.name,
        `one of ${MODELS.map(({ family, flavor }) => `${family} ${flavor}`).join(', ')}`,
      );

/** Looped schedules want two or more stages on each rank. */
const virtualStages: Rule = (_, { schedule, dims: { vpp }, pipelines }) => {
  const looped = LOOPED.includes(SCHEDULE_NAMES[schedule] ?? '');
  return pipelines[0]!.stages.length === 1 || looped === vpp > 1
    ? null
    : no('virtual-stages', `${schedule} with ${vpp} stages per rank`, looped ? 'two or more' : 'one');
};

const microBatches: Rule = (_, plan) => {
  const { pp } = degreesOf(plan);
  const { microBatches: count } = plan.pipelines[0]!.stages[0]!.replicas[0]!;
  const limit = pp > 1 ? microBatchLimit(SCHEDULE_NAMES[plan.schedule]!, count, pp) : null;
  return limit === null ? null : no('schedule-micro-batches', `${count} micro-batches`, limit);
};

/** Decoder.Config.update_from_config (torchtitan/models/common/decoder.py) raises on both. */
const heads: Rule = ({ model: spec }, plan) => {
  const { tp } = degreesOf(plan);
  const { heads: all, kvHeads } = titanModelOf(spec)!;
  if (all % tp !== 0) return no('heads-divisible-by-tp', `${all} heads`, `a multiple of tp=${tp}`);
  return kvHeads % tp === 0
    ? null
    : no('kv-heads-divisible-by-tp', `${kvHeads} key-value heads`, `a multiple of tp=${tp}`);
};

const tied: Rule = ({ model: spec }, plan) => {
  const { pp } = degreesOf(plan);
  return pp > 1 && titanModelOf(spec)!.tied
    ? no('tied-embeddings', `pp=${pp}`, 'pp=1 where embedding and head are one weight')
    : null;
};

const sharding: Rule = (_, plan) => {
  const stage = zero.of(plan.techniques);
  const { cp } = plan.dims;
  if (stage === 1) return no('sharding', 'sharded optimizer states alone (ZeRO-1)', '0, 2 or 3');
  // Under a pipeline a stage stays gathered between micro-batches: torchtitan's default, and what zero=3 is costed as.
  if (stage === 2 && plan.pipelines[0]!.stages.length > 1)
    return no('sharding', 'zero=2 with a pipeline', '0 or 3', 'Maybe 3: it is the same there.');
  return stage === 0 && cp > 1 ? no('sharding', `no sharding with cp=${cp}`, '2 or 3') : null;
};

/**
 * Context parallelism takes FlexAttention alone (torchtitan/models/common/decoder.py@b5bcd76); the functions of gpt_oss have
 * VarlenAttention (torchtitan/models/gpt_oss/__init__.py).
 */
const attention: Rule = ({ model: spec }, { dims: { cp } }) =>
  cp > 1 && titanModelOf(spec)!.family === 'gpt_oss'
    ? no('context-parallel-attention', `cp=${cp} with VarlenAttention`, 'cp=1 with gpt_oss')
    : null;

/** Expert ranks are taken from shard·cp·tp, whole experts only (torchtitan/distributed/parallel_dims.py, decoder.py). */
const experts: Rule = ({ model: spec }, plan) => {
  const { tp, cp, dpShard, ep, etp } = degreesOf(plan);
  const routed = titanModelOf(spec)!.experts;
  if (routed === null)
    return ep === 1 && etp === 1 ? null : no('experts', `ep=${ep}, etp=${etp}`, 'a dense model');
  if (etp > 1) return no('expert-tensor-parallel', `etp=${etp}`, '1');
  if (ep < tp) return no('expert-tensor-parallel', `ep=${ep} with tp=${tp}`, 'ep of tp or more');
  if (routed.count % ep !== 0)
    return no('experts-divisible-by-ep', `${routed.count} experts`, `a multiple of ep=${ep}`);
  const grid = dpShard * cp * tp;
  return grid % ep === 0 ? null : no('expert-grid', `shard·cp·tp = ${grid}`, `a multiple of ep=${ep}`);
};

const layout: Rule = (_, plan) => {
  const { pp } = degreesOf(plan);
  const chunks = chunksInOrder(plan);
  const off = chunks.findIndex(({ stage }, i) => stage !== i % pp);
  return off < 0
    ? null
    : no('chunk-order', `chunk ${off} on stage ${chunks[off]!.stage}`, `stage ${off % pp}`);
};

/** SelectiveAC saves by operator; it knows no modules. FullAC wraps every layer. */
const recomputation: Rule = (_, { techniques }) => {
  const { mode, modules, layersPerStage } = recompute.of(techniques);
  if (mode === 'full' && layersPerStage !== null)
    return no('recompute', 'full recomputation of some layers', 'all layers, selective or none');
  const odd = modules.find((name) => name !== 'op');
  return odd === undefined
    ? null
    : no('recompute-module', `recompute of ${odd}`, 'op, by operator', 'Maybe recompute=op.');
};

/** One field says both how moments are kept and how they are updated: those in bf16 have a kernel of their own. */
const update: ProblemRule = ({ workload: { optimizerOptions = {} } }) =>
  optimizerOptions.update === 'foreach' && optimizerOptions.moments === 'bf16'
    ? no('optimizer', 'update=foreach with moments=bf16', 'one of the two', 'Maybe moments=bf16 alone.')
    : null;

export const PROBLEM_RULES: readonly ProblemRule[] = [model, adapters, update];

/** For models of the registry. */
export const PLAN_RULES: readonly Rule[] = [
  virtualStages,
  microBatches,
  heads,
  tied,
  sharding,
  attention,
  experts,
  layout,
  chunkedLoss,
  recomputation,
  offload,
];
