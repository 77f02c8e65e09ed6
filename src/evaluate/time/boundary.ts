import { collectiveSeconds, pointToPointSeconds } from '../../hardware/collective.ts';
import { neighbours } from '../../hardware/span.ts';
import type { StageProfile } from '../stage-profile.ts';

/** Share of a stage-to-stage transfer that stays on the stage's own time line. */
export function exposedShare({ context: { c, problem, dims } }: StageProfile): number {
  const share = dims.vpp > 1 ? c.pipelineExposedInterleaved : c.pipelineExposed;
  return share * (1 - problem.stack.overlap.pipeline);
}

/**
 * Seconds in which tensor-parallel ranks put together an activation or a gradient of which each was sent its part
 * (Megatron's scatter-gather, Narayanan et al. 2021, arXiv 2104.04473; DeepSpeed partitions alike). Under sequence
 * parallelism they want no more than the part.
 */
export function gatherSeconds({ context: { groups, local, c }, boundaryBytes }: StageProfile): number {
  if (local.sequenceParallel) return 0;
  return collectiveSeconds(groups.tensor, 'allGather', boundaryBytes * groups.tensor.size, c);
}

/**
 * Seconds that one boundary inside a node group adds to a stage's micro-batch, forward and backward together; `overSockets`:
 * the pipeline has stages that RDMA does not join.
 */
export function boundarySeconds(profile: StageProfile, overSockets = false): number {
  const { context, boundaryBytes } = profile;
  const { groups, group, dims, c } = context;
  if (dims.pp === 1) return 0;
  const senders = groups.gradient.size * groups.tensor.size;
  const span = neighbours(group, senders < group.fastDomainGpus, { senders, overSockets });
  const once = pointToPointSeconds(span, boundaryBytes, c);
  return 2 * (once * exposedShare(profile) + gatherSeconds(profile)) * dims.vpp;
}
