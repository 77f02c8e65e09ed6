import { type MemoryTerm, memoryTerm, type Point } from '../domain/memory-term.ts';
import type { Problem } from '../domain/problem.ts';
import { statesIn } from '../domain/stack.ts';
import { collectiveSeconds } from '../hardware/collective.ts';
import { networkRate } from '../hardware/network-share.ts';
import type { Span } from '../hardware/span.ts';
import { nearest } from '../units/nearest.ts';
import { dataHidden } from './data-overlap.ts';
import {
  type Amounts,
  gatheredBytes,
  type Held,
  type Holding,
  type Parameters,
  type State,
} from './holding.ts';
import {
  Misread,
  NO_TRAFFIC,
  type PassTraffic,
  type StageContext,
  type StateContext,
  type StepTraffic,
  technique,
} from './technique.ts';
import { unsharded } from './unsharded.ts';

/** ZeRO stages: 0 nothing sharded, 1 optimizer states, 2 and gradients, 3 and parameters. */
const ZERO_STAGES = [0, 1, 2, 3] as const;
export type ZeroStage = (typeof ZERO_STAGES)[number];

/** From which stage on each kind of state is shared out over the data-parallel ranks. */
const SHARDED_FROM: Readonly<Record<State, number>> = { 'optimizer states': 1, gradients: 2, weights: 3 };
const LABELS = ['none', 'optimizer', 'optimizer+gradients', 'all (ZeRO-3)'] as const;
/**
 * States sharded over the data-parallel ranks, and what data parallelism sends for it: ZeRO (Rajbhandari et al. 2020, arXiv
 * 1910.02054), Megatron's distributed optimizer, FSDP. Stage 0 is plain data parallelism.
 */
export const zero = technique<ZeroStage>({
  id: 'zero',
  aliases: ['sharding'],
  off: 0,
  schema: { enum: ZERO_STAGES },
  affects: 'stage',
  barest: null,
  parse: (text) =>
    ZERO_STAGES.find((stage) => `${stage}` === text) ??
    new Misread('a whole number from 0 to 3', meantBy(text)),
  format: String,
  name: 'sharding',
  words: (stage) => LABELS[stage],
  usual: ({ stack }, { dpReplicate, dpShard, cp }) =>
    dpReplicate * dpShard * cp === 1 ? 0 : stack.fullySharded ? 3 : 1,
  choices({ stack }, { dpReplicate, dpShard, cp, pp }, asked) {
    // Without replicas there is nothing to shard.
    if (dpReplicate * dpShard * cp === 1) return asked === undefined || asked === 0 ? [0] : [];
    if (asked !== undefined) return [asked];
    if (stack.fullySharded) return [3];
    // In a pipeline gradients sharded between micro-batches only cost time.
    return pp > 1 ? [0, 1] : ZERO_STAGES;
  },
  holdings: (stage, holdings, { problem, groups, dims: { cp }, stateShare }) =>
    holdings.map((one): Holding => {
      const whole = one.state === 'gradients' && problem.stack.accumulatesWhole === true;
      if (stage < SHARDED_FROM[one.state] || whole) return one;
      const ranks = one.of === 'dense' ? groups.shard.size : groups.expertData.size;
      return { ...one, share: one.share * (stateShare === null ? 1 / ranks : stateShare / cp) };
    }),
  terms: (stage, held, context) => [...whole(stage, held, context), ...buffers(stage, held, context)],
  passTraffic,
  stepTraffic,
});

/** `zero-3`, or what a table calls it. */
function meantBy(text: string): string | undefined {
  const [, stage] = /^zero[-_ ]?([0-3])$/i.exec(text) ?? [];
  const label = nearest(text, LABELS);
  return (
    stage ?? (label === undefined ? undefined : String(LABELS.indexOf(label as (typeof LABELS)[number])))
  );
}

const GATHERED: readonly Point[] = ['forward', 'loss', 'backward', 'end-of-backward'];

/**
 * What stays whole beside the shards. With a pipeline the stage stays gathered between micro-batches: 2 B of weights (4 B in fp32) and
 * gradients per parameter as wide as they are reduced, which is how FSDP adds them up (torchtitan, reshard_after_forward off under PP;
 * to_accumulated_grad_if_needed, torch/distributed/_composable/fsdp/_fsdp_param.py@012c62d).
 */
function whole(stage: ZeroStage, held: Held, context: StageContext): MemoryTerm[] {
  const { problem, groups, dims } = context;
  const { gathered, live, root } = held;
  if (stage < 3 || groups.shard.size === 1) return [];
  if (dims.pp > 1 && problem.stack.fullySharded) {
    const all = (part: State, { layers, fixed }: Held['live'], factor: number) =>
      memoryTerm({
        part,
        layers: layers.map((row) => row.map((amount) => factor * amount)),
        fixed: [factor * fixed],
      });
    return [all('weights', gathered, 1), all('gradients', live, gradientBytes(problem))];
  }
  if (problem.stack.engineBuffers === undefined) return unsharded(held, context, gradientBytes(problem));
  // An engine that leaves so many parameters gathered has other layers among them, and the gradients of the one in backward in 16 bits
  // until they go into its bucket.
  return [
    memoryTerm({
      part: 'gathered parameters',
      at: GATHERED,
      over: 'widest',
      layers: gathered.layers.map((row, s) => row.map((bytes, kind) => bytes + 2 * live.layers[s]![kind]!)),
      fixed: [root],
    }),
  ];
}

/** What the engine sets aside, and what it leaves gathered at the end of the model until the step is done. */
function buffers(
  stage: ZeroStage,
  { gathered, rootWeights }: Held,
  { problem, groups }: StageContext,
): MemoryTerm[] {
  const engine = problem.stack.engineBuffers;
  if (stage < 2 || engine === undefined) return [];
  const layers = gathered.layers.map((row) => row.map(() => 0));
  const bucket = memoryTerm({ part: 'gradient bucket', layers, fixed: [engine.reduceBytes] });
  if (stage < 3 || groups.shard.size === 1) return [bucket];
  const part = 'gathered parameters';
  return [
    bucket,
    memoryTerm({ part, at: ['forward', 'loss', 'backward'], layers, fixed: [engine.liveBytes] }),
    memoryTerm({ part, at: ['optimizer-step'], layers, fixed: [rootWeights] }),
  ];
}

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

/** Each micro-batch scatters a layer's gradients after backward; with stage 3 it gathers weights before forward and again before backward. */
function passTraffic(stage: ZeroStage, layer: Amounts, context: StageContext): PassTraffic[] {
  const { problem, groups, c } = context;
  if (stage < 2 || context.dims.pp > 1 || groups.shard.size === 1) return [];
  const span = narrowed(groups.shard, context);
  const over = (
    collective: 'allGather' | 'allReduce' | 'reduceScatter',
    bytes: (of: keyof Parameters) => number,
  ) =>
    collectiveSeconds(span, collective, bytes('dense'), c) +
    collectiveSeconds(groups.expertData, collective, bytes('expert'), c);
  const scatter = perMicroBatch(stage, context)
    ? over(toOwners(stage, context), (of) => gradientBytes(problem) * layer.trained[of])
    : 0;
  const hidden = dataHidden(context);
  if (stage === 2) return [{ pass: 'backward', seconds: scatter, hideable: hidden.reduce }];
  const gather = over('allGather', (of) => gatheredBytes(layer, of));
  return [
    { pass: 'forward', seconds: gather, hideable: hidden.gather },
    ...backwardTraffic(gather, scatter, hidden),
  ];
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
function stepTraffic(
  stage: ZeroStage,
  amounts: Amounts & { readonly whole: boolean },
  context: StateContext,
): StepTraffic {
  const { groups, c } = context;
  const bytes = gradientBytes(context.problem);
  if (perMicroBatch(stage, context)) {
    // Hybrid sharding: the shard's gradients are still all-reduced over the copies of the shard group.
    const ranks = groups.shard.size;
    const copies = groups.gradient.size / ranks;
    const seconds =
      (bytes * amounts.trained.dense) / ranks / networkRate(groups.gradient.share, c.networkDerating);
    return {
      ...NO_TRAFFIC,
      reduce: ((2 * (copies - 1)) / copies) * seconds,
      gather: stage === 3 ? 0 : updatedGather(amounts, context),
      update: amounts.whole ? exchanged(amounts, context) : 0,
    };
  }
  let reduce = 0;
  for (const [of, span] of [
    ['dense', groups.gradient],
    ['expert', groups.expertData],
  ] as const) {
    const count = amounts.trained[of];
    const toAll = stage === 0 || amounts.whole;
    reduce += collectiveSeconds(span, toAll ? 'allReduce' : toOwners(stage, context), bytes * count, c);
  }
  const frozen = stage === 3 ? amounts.frozenBytes : NOTHING_FROZEN;
  // Shards that each micro-batch gathers are not gathered once more.
  const gathers = stage > 0 && !(stage === 3 && context.dims.pp === 1);
  return { ...NO_TRAFFIC, reduce, gather: gathers ? updatedGather(amounts, context, frozen) : 0 };
}

const NOTHING_FROZEN: Parameters = { dense: 0, expert: 0 };

/** Weights as they are after the update, for ranks that have them whole. Those that are frozen ranks have already, but for what they share out. */
function updatedGather(
  { liveBytes }: Amounts,
  { groups, c }: StateContext,
  frozen: Parameters = NOTHING_FROZEN,
): number {
  return (
    collectiveSeconds(groups.gradient, 'allGather', liveBytes.dense + frozen.dense, c) +
    collectiveSeconds(groups.expertData, 'allGather', liveBytes.expert + frozen.expert, c)
  );
}

/**
 * Ranks with a shard of each matrix send those of its moment to the one that updates it, in fp32, and are sent their shard of
 * the update (DistMuon, torchtitan/distributed/flex_shard/dist_muon.py@b5bcd76).
 */
function exchanged({ trained }: Amounts, { groups, c }: StateContext): number {
  const once = (span: Span, count: number) =>
    2 * collectiveSeconds(span, 'allToAll', (4 * count) / span.size, c);
  return once(groups.shard, trained.dense) + once(groups.expertData, trained.expert);
}
