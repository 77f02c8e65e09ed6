import type { Problem } from '../domain/problem.ts';
import { statesIn } from '../domain/stack.ts';
import { collectiveSeconds } from '../hardware/collective.ts';
import { networkRate } from '../hardware/network-share.ts';
import type { Span } from '../hardware/span.ts';
import { dataHidden } from './data-overlap.ts';
import { type Amounts, gatheredBytes, type Parameters } from './holding.ts';
import { sharesOut, staysGathered, type ZeroStage } from './sharded-states.ts';
import type { StageContext, StateContext } from './technique.ts';
import { type LayerAmounts, NO_TRAFFIC, type PassTraffic, type StepTraffic } from './traffic.ts';

/** Whether gradients, which are nowhere kept whole, are scattered after each micro-batch; from stage 3 on parameters are gathered for each too. */
function perMicroBatch(stage: ZeroStage, { problem, dims }: StateContext): boolean {
  return stage >= 2 && dims.pp === 1 && problem.stack.accumulatesWhole !== true;
}

/** What brings gradients to the ranks that own them. */
function toOwners(stage: ZeroStage, { problem }: StateContext): 'allReduce' | 'reduceScatter' {
  return stage < 3 && problem.stack.gradientsToOwners === 'all-reduce' ? 'allReduce' : 'reduceScatter';
}

/** Bytes of a gradient as it travels. */
export function gradientBytes({ stack, workload }: Problem): number {
  return Math.min(statesIn(workload, stack.state).gradients, 4);
}

/** Each micro-batch scatters a layer's gradients after backward; with stage 3 it gathers weights before forward and again before backward, FSDP's stage 2 only before forward. */
export function passTraffic(stage: ZeroStage, layer: LayerAmounts, context: StageContext): PassTraffic[] {
  const { problem, groups, c } = context;
  if (stage < 2 || context.dims.pp > 1 || groups.shard.size === 1) return [];
  const span = narrowed(groups.shard, context);
  const over = (
    collective: 'allGather' | 'allReduce' | 'reduceScatter',
    bytes: (of: keyof Parameters) => number,
  ) =>
    collectiveSeconds(span, collective, bytes('dense'), c) +
    collectiveSeconds(groups.expertShard, collective, bytes('expert'), c);
  const scatter = perMicroBatch(stage, context)
    ? over(toOwners(stage, context), (of) => gradientBytes(problem) * layer.trained[of])
    : 0;
  const hidden = dataHidden(context);
  const reduced: PassTraffic = { pass: 'backward', seconds: scatter, hideable: hidden.reduce };
  if (!sharesOut(stage, 'weights', problem.stack)) return [reduced];
  const gather = over('allGather', (of) => gatheredBytes(layer, of));
  const gathered: PassTraffic = { pass: 'forward', seconds: gather, hideable: hidden.gather };
  const once = stage === 2 || staysGathered(layer, problem.stack);
  return once ? [gathered, reduced] : [gathered, ...backwardTraffic(gather, scatter, hidden)];
}

/** Weights that are gathered once more, and gradients: one transfer where both are hidden alike. */
function backwardTraffic(
  gather: number,
  scatter: number,
  hidden: { readonly reduce: number; readonly gather: number },
): PassTraffic[] {
  if (hidden.reduce === hidden.gather)
    return [{ pass: 'backward', seconds: gather + scatter, hideable: hidden.reduce }];
  return [
    { pass: 'backward', seconds: gather, hideable: hidden.gather },
    { pass: 'backward', seconds: scatter, hideable: hidden.reduce },
  ];
}

/** All members of a domain share one NIC's rate where the stack uses no more (DeepSpeed's ZeRO-3 of 2021). */
function narrowed(span: Span, { problem }: StageContext): Span {
  if (problem.stack.shardedTraffic === 'all-nics' || span.domains === 1) return span;
  const { nominal, reached, ...law } = span.share;
  return { ...span, share: { ...law, nominal: nominal / span.perDomain, reached: reached / span.perDomain } };
}

/**
 * Gradients cross the data-parallel group once per step: all-reduce without sharding, reduce-scatter and later an
 * all-gather of the parameters with it. Experts reduce over their own, smaller group. Where matrices are updated whole, every
 * rank gets all gradients (LayerWiseDistributedOptimizer without its aligned layout, megatron/core/optimizer@d98e8a6).
 */
export function stepTraffic(
  stage: ZeroStage,
  amounts: Amounts & { readonly whole: boolean },
  context: StateContext,
): StepTraffic {
  const { problem, groups, c } = context;
  const bytes = gradientBytes(problem);
  // Shards that each micro-batch gathers are not gathered once more.
  const gathers = stage > 0 && !(sharesOut(stage, 'weights', problem.stack) && context.dims.pp === 1);
  const frozen = sharesOut(stage, 'weights', problem.stack) ? amounts.frozenBytes : NOTHING_FROZEN;
  const gather = gathers ? updatedGather(amounts, context, frozen) : 0;
  const between =
    betweenSets(groups.gradient, groups.shard, bytes * amounts.trained.dense, c) +
    betweenSets(groups.expertData, groups.expertShard, bytes * amounts.trained.expert, c);
  if (perMicroBatch(stage, context))
    return {
      ...NO_TRAFFIC,
      reduce: between,
      gather,
      update: amounts.whole ? exchanged(amounts, context) : 0,
    };
  const toAll = stage === 0 || amounts.whole;
  const among = (shard: Span, all: Span, count: number) =>
    toAll
      ? collectiveSeconds(all, 'allReduce', bytes * count, c)
      : collectiveSeconds(shard, toOwners(stage, context), bytes * count, c);
  const reduce =
    among(groups.shard, groups.gradient, amounts.trained.dense) +
    among(groups.expertShard, groups.expertData, amounts.trained.expert);
  return { ...NO_TRAFFIC, reduce: reduce + (toAll ? 0 : between), gather };
}

/**
 * Where ranks share states out in several sets, what each owns is all-reduced with those who own the same in the others: hybrid sharding,
 * and Megatron's --num-distributed-optimizer-instances (core/distributed/param_and_grad_buffer.py@d98e8a6: reduce-scatter inside one,
 * all-reduce between them). Seconds for `bytes` of gradients.
 */
function betweenSets(all: Span, shard: Span, bytes: number, c: StateContext['c']): number {
  const sets = all.size / shard.size;
  if (sets <= 1) return 0;
  const sent = ((2 * (sets - 1)) / sets) * (bytes / shard.size);
  return all.domains === 1
    ? collectiveSeconds(all, 'allReduce', bytes / shard.size, c)
    : sent / networkRate(all.share, c.networkDerating);
}

const NOTHING_FROZEN: Parameters = { dense: 0, expert: 0 };

/**
 * Weights as they are after the update, for ranks that have them whole. Those that are frozen ranks have already, but for what they share
 * out. Where each owner broadcasts its own (_sync_params of torch/distributed/optim/zero_redundancy_optimizer.py), one message of its part
 * follows another, each with its own start: a ring carries as many bytes as it gathers, and the sender's own besides.
 */
function updatedGather(
  { liveBytes }: Amounts,
  { problem, groups, c }: StateContext,
  frozen: Parameters = NOTHING_FROZEN,
): number {
  const spread = (span: Span, bytes: number) =>
    problem.stack.updatedWeights === 'broadcast' && span.size > 1
      ? span.size * collectiveSeconds(span, 'allGather', bytes / (span.size - 1), c)
      : collectiveSeconds(span, 'allGather', bytes, c);
  return (
    spread(groups.shard, liveBytes.dense + frozen.dense) +
    spread(groups.expertShard, liveBytes.expert + frozen.expert)
  );
}

/**
 * Ranks with a shard of each matrix send those of its moment to the one that updates it, in fp32, and are sent their shard of
 * the update (DistMuon, torchtitan/distributed/flex_shard/dist_muon.py@b5bcd76).
 */
function exchanged({ trained }: Amounts, { groups, c }: StateContext): number {
  const once = (span: Span, count: number) =>
    2 * collectiveSeconds(span, 'allToAll', (4 * count) / span.size, c);
  return once(groups.shard, trained.dense) + once(groups.expertShard, trained.expert);
}
