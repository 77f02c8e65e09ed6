import { pointToPointSeconds } from '../hardware/collective.ts';
import { networkPerGpu, type Span } from '../hardware/span.ts';
import type { StageProfile } from './stage-profile.ts';

/** One GPU here, its peer a whole stage away. */
export function neighbourSpan(profile: StageProfile, sameDomain: boolean): Span {
  const { group } = profile.context;
  return {
    size: 2,
    perDomain: sameDomain ? 2 : 1,
    domains: sameDomain ? 1 : 2,
    intra: group,
    network: group,
    networkPerMember: networkPerGpu(group),
    extraLatency: 0,
  };
}

/** Share of a stage-to-stage transfer that stays on the stage's own time line. */
export function exposedShare(profile: StageProfile): number {
  const { c, problem, settings } = profile.context;
  const share = settings.schedule.virtualStages > 1 ? c.pipelineExposedInterleaved : c.pipelineExposed;
  return share * (1 - problem.stack.overlap.pipeline);
}

/** Seconds that one boundary adds to a stage's micro-batch, forward and backward together. */
export function boundarySeconds(profile: StageProfile, pipelined: boolean): number {
  if (!pipelined) return 0;
  const { context, boundaryBytes } = profile;
  const { spans, group } = context;
  const span = spans.gradient.size * spans.tensor.size < group.fastDomainGpus;
  const once = pointToPointSeconds(neighbourSpan(profile, span), boundaryBytes, context.c);
  return 2 * once * exposedShare(profile) * context.settings.schedule.virtualStages;
}
