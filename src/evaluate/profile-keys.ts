import type { Techniques } from '../domain/plan.ts';
import type { ProcessGroups } from '../hardware/process-groups.ts';
import type { Span } from '../hardware/span.ts';
import { techniqueKeys } from '../techniques/index.ts';
import type { StageContext } from '../techniques/technique.ts';
import { remembered, rememberedOf } from '../units/remembered.ts';

/** All that kernels and the communication inside a layer depend on. */
export function layerKey(
  { group, dims, microBatchSize, local, groups }: StageContext,
  techniques: Techniques,
): string {
  const { tp, cp, ep, etp } = dims;
  const { layer } = techniqueKeys(techniques);
  return `${group.index}|${tp}|${cp}|${ep}|${etp}|${microBatchSize}|${local.vocabularyShards}|${layer}|${groupKeys(groups).layer}`;
}

/** All that states and what is sent for them once a step depend on, for the weights that any layer has. */
export function endingKey({ group, dims, techniques, local, groups, stateShare }: StageContext): string {
  const { tp, cp, ep, etp, pp, vpp, dpReplicate, dpShard } = dims;
  const { layer, stage } = groupKeys(groups);
  return `${group.index}|${tp}|${cp}|${ep}|${etp}|${pp}|${vpp}|${dpReplicate}|${dpShard}|${local.vocabularyShards}|${techniqueKeys(techniques).step}|${stateShare}|${layer}|${stage}`;
}

/** And what sharding, gradients and the schedule depend on. */
export function stageKey(context: StageContext): string {
  const { dims, schedule, techniques, groups, stateShare } = context;
  const { pp, dpReplicate, dpShard, vpp } = dims;
  const { stage } = techniqueKeys(techniques);
  return `${layerKey(context, techniques)}|${stage}|${pp}|${dpReplicate}|${dpShard}|${vpp}|${schedule}|${stateShare}|${groupKeys(groups).stage}`;
}

const keys = new WeakMap<ProcessGroups, { readonly layer: number; readonly stage: number }>();

/** Where the communication of a layer goes, and where that beside it goes: a number for all groups that lie alike. */
function groupKeys(groups: ProcessGroups) {
  return rememberedOf(keys, groups, () => {
    const { tensor, context, expert, expertTensor, gradient, shard, expertData, expertShard } = groups;
    return {
      layer: numberOf(tensor, context, expert, expertTensor),
      stage: numberOf(gradient, shard, expertData, expertShard),
    };
  });
}

const numbers = new Map<string, number>();

function numberOf(...spans: Span[]): number {
  return remembered(numbers, spans.map(spanKey).join('|'), () => numbers.size);
}

function spanKey(x: Span): string {
  return `${x.size}/${x.perDomain}/${x.domains}/${x.busy}/${x.intra.index}/${x.intra.intraNode.id}/${x.intra.intraNode.bandwidth}/${x.network.id}/${x.network.latency}/${x.transport}/${x.share.nominal}/${x.share.reached}/${x.share.large?.from}/${x.share.large?.part}/${x.extraLatency}`;
}
