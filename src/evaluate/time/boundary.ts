import { collectiveSeconds, pointToPointSeconds } from '../../hardware/collective.ts';
import { neighbours } from '../../hardware/span.ts';
import { passedOn } from '../../layers/passed-on.ts';
import type { StageProfile } from '../stage-profile.ts';

/** Share of a stage-to-stage transfer that stays on the stage's own time line. */
export function exposedShare({ context: { c, problem, dims } }: StageProfile): number {
  const share = dims.vpp > 1 ? c.pipelineExposedInterleaved : c.pipelineExposed;
  return share * (1 - problem.stack.overlap.pipeline);
}

/**
 * Seconds in which tensor-parallel ranks put together an activation or a gradient of which each was sent its part
 * (Megatron's scatter-gather, Narayanan et al. 2021, arXiv 2104.04473; DeepSpeed partitions alike). Under sequence
 * parallelism they want no more than the part; where each was sent the whole there is nothing to put together.
 */
export function gatherSeconds({ context, boundaryBytes }: StageProfile): number {
  const { groups, local, problem, c } = context;
  if (local.sequenceParallel || problem.stack.pipelineTransfers === 'whole') return 0;
  return collectiveSeconds(groups.tensor, 'allGather', boundaryBytes * groups.tensor.size, c);
}

/**
 * Seconds of a transfer that copies of a stage each make once in `cycle` seconds over the same cards, `alone` taken by one of
 * them without the others and `together` by each while all send: pipelines that met once stay apart, so that a transfer waits
 * as in a queue of fixed service times (Pollaczek and Khinchine: ρ/(2(1 − ρ)) services), never longer than behind all others.
 */
export function sharedSeconds(alone: number, together: number, cycle: number): number {
  const busy = together / cycle;
  return busy >= 1 ? together : Math.min(together, alone * (1 + busy / (2 * (1 - busy))));
}

/** How many times the bytes of the least cut pass a cut before that layer; 1: all cuts are alike. */
export function timesLeast({ context: { problem } }: Pick<StageProfile, 'context'>, layer: number): number {
  const passed = passedOn(problem.model);
  return passed === null ? 1 : (passed.bytes[layer - 1] ?? passed.most) / passed.least;
}

/**
 * Seconds that one boundary inside a node group adds to a stage's micro-batch, forward and backward together; `overSockets`:
 * the pipeline has stages that RDMA does not join; `times`: as many bytes as the least cut has.
 */
export function boundarySeconds(profile: StageProfile, overSockets = false, times = 1): number {
  const { context } = profile;
  const boundaryBytes = times * profile.boundaryBytes;
  const { groups, group, dims, c } = context;
  if (dims.pp === 1) return 0;
  const near = groups.gradient.size * groups.tensor.size < group.fastDomainGpus;
  const span = neighbours(group, near, { senders: dims.tp * dims.cp, overSockets });
  const once = pointToPointSeconds(span, boundaryBytes, c);
  const { encodeSeconds, decodeSeconds } = profile.boundary;
  const coding = encodeSeconds + decodeSeconds;
  return 2 * (once * exposedShare(profile) + gatherSeconds(profile) + coding) * dims.vpp;
}
