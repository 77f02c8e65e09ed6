import type { Problem } from '../../domain/problem.ts';
import { collectiveSeconds } from '../../hardware/collective.ts';
import { type Span, spanAcross, spanOfRuns } from '../../hardware/span.ts';
import { lastKind } from '../../layers/parameters.ts';
import { holdingsOf } from '../../techniques/index.ts';
import { gradientBytes } from '../../techniques/sharded-traffic.ts';
import type { StateContext } from '../../techniques/technique.ts';
import { NOTHING, type Owned, plus } from '../memory/owned.ts';
import { ownedAtEnds } from '../memory/owned-by-stage.ts';
import type { StageProfile } from '../stage-profile.ts';
import type { BlockRun, StageRun } from './stage-run.ts';

/** Some layers, or an end of the model, that the same stage of each pipeline holds. */
interface Part {
  /** The stage of each pipeline. */
  readonly holders: readonly StageRun[];
  readonly owned: (profile: StageProfile) => Owned;
}

/** Whether the ranks of a stage each keep a share of its states: then each shard is averaged over pipelines by itself. */
export function keepsShards(context: StateContext): boolean {
  let kept = 0;
  for (const { state, of, share, staging } of holdingsOf(context))
    if (state === 'optimizer states' && of === 'dense' && staging !== true) kept += share;
  return kept < 1;
}

/**
 * Seconds in which unlike pipelines average their gradients once the last of them has done its backward: a ring over all
 * copies of each layer, or over the pipelines' owners of a shard of it. Cuts may differ, so the ring of a stage's first layers
 * need not be that of its last; the stage with most to send ends it.
 */
export function acrossPipelines(problem: Problem, pipelines: readonly (readonly StageRun[])[]): number {
  if (pipelines.length === 1) return 0;
  const seconds = new Map<StageRun, number>();
  for (const part of partsOf(problem, pipelines)) {
    const ring = ringSeconds(problem, part);
    for (const stage of part.holders) seconds.set(stage, (seconds.get(stage) ?? 0) + ring);
  }
  return Math.max(...seconds.values());
}

function partsOf({ model }: Problem, pipelines: readonly (readonly StageRun[])[]): Part[] {
  const starts = pipelines.flatMap((stages) =>
    stages.flatMap(({ chunks }) => chunks.map(({ first }) => first)),
  );
  const firsts = [...new Set(starts)].filter((first) => first < model.layers.length).sort((a, b) => a - b);
  const layers = firsts.map((first, i): Part => {
    const end = firsts[i + 1] ?? model.layers.length;
    const holds = ({ chunks }: StageRun) => chunks.some((one) => one.first <= first && first < one.end);
    return {
      holders: pipelines.map((stages) => stages.find(holds)!),
      owned: (profile) => ownedByLayers(profile, model.layers.slice(first, end)),
    };
  });
  const atEnd = (end: 'embedding' | 'head'): Part => ({
    holders: pipelines.map((stages) => stages.find(({ ends }) => ends[end] !== null)!),
    owned: (profile) =>
      plus(
        ownedAtEnds(profile, { embedding: null, head: null, [end]: 0 }),
        end === 'head' ? ownedByPredictions(profile) : NOTHING,
      ),
  });
  return [...layers, atEnd('embedding'), atEnd('head')];
}

function ownedByLayers({ layers }: StageProfile, kinds: readonly number[]): Owned {
  let all = NOTHING;
  for (const [kind, { memory }] of layers[0]!.entries()) {
    const count = kinds.filter((one) => one === kind).length;
    if (count > 0) all = plus(all, memory.owned, count);
  }
  return all;
}

function ownedByPredictions({ context, layers, prediction }: StageProfile): Owned {
  const { model } = context.problem;
  if (model.mtpLayers === 0) return NOTHING;
  const layer = plus(layers[0]![lastKind(model)]!.memory.owned, prediction.memory.owned);
  return plus(NOTHING, layer, model.mtpLayers);
}

/** Experts have fewer copies than the rest, on rings of their own. */
function ringSeconds(problem: Problem, { holders, owned }: Part): number {
  const blocks = holders.flatMap((stage) => stage.blocks);
  const { context } = blocks[0]!.profile;
  let [dense, expert] = [0, 0];
  for (const { profile } of blocks) {
    const { trained } = owned(profile);
    const { gradient, expertData } = profile.context.groups;
    const shards = keepsShards(profile.context);
    dense = Math.max(dense, trained.dense / (shards ? gradient.size : 1));
    expert = Math.max(expert, trained.expert / (shards ? expertData.size : 1));
  }
  const bytes = gradientBytes(problem);
  const among = (copies: Copies) =>
    keepsShards(context) ? spanOfShards(problem, holders) : spanOfCopies(problem, blocks, copies);
  const ring = (count: number, copies: Copies) =>
    count === 0 ? 0 : collectiveSeconds(among(copies), 'allReduce', bytes * count, context.c);
  return ring(dense, denseCopies) + ring(expert, expertCopies);
}

/** Ranks of a block that hold the same parameters: how far they lie apart, and how many there are. */
type Copies = (block: BlockRun) => { readonly stride: number; readonly size: number };

const denseCopies: Copies = ({ block: { tp, count }, profile }) => ({
  stride: tp,
  size: count * profile.context.dims.cp,
});

const expertCopies: Copies = ({ block: { tp, count }, profile: { context } }) => {
  const { cp, ep, etp } = context.dims;
  return { stride: ep * etp, size: Math.max(1, Math.floor((tp * cp * count) / (ep * etp))) };
};

/** All copies of some layers. */
function spanOfCopies({ cluster }: Problem, blocks: readonly BlockRun[], copies: Copies): Span {
  const members = blocks.map((one) => ({ firstDevice: one.block.firstDevice, ...copies(one) }));
  return spanOfRuns(cluster, members);
}

/** The owner of a shard in each pipeline, beside those of all other shards. */
function spanOfShards({ cluster }: Problem, holders: readonly StageRun[]): Span {
  const [{ block, profile }] = holders[0]!.blocks as readonly [BlockRun];
  const groups = holders.map(({ blocks }) => blocks[0]!.block.group);
  return spanAcross(cluster, groups, profile.context.groups.gradient.size * block.tp);
}
