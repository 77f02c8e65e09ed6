import type { MemoryEstimate } from '../../domain/estimate.ts';
import type { Ends, Plan } from '../../domain/plan.ts';
import { type InFlight, inFlightOf } from '../../schedules/in-flight.ts';
import { scheduleOf } from '../../schedules/index.ts';
import type { PipelineShape } from '../../schedules/schedule.ts';
import { having } from '../../techniques/index.ts';
import type { StageContext } from '../../techniques/technique.ts';
import { communicators } from '../communicators.ts';
import type { StageProfile } from '../stage-profile.ts';
import { besideTerms } from './beside-terms.ts';
import type { StageContent } from './content.ts';
import type { Limits } from './device.ts';
import { gathered } from './gathered.ts';
import { type Held, type StagePlace, samePlace } from './held.ts';
import { stageTerms } from './stage-terms.ts';
import { judged, peakOf } from './walk.ts';

/** What bounds one GPU of a stage. */
export function limitsOf(context: StageContext): Limits {
  const { headroom, headroomBytes = 0, reservedBytes = 0 } = context.problem.workload;
  return {
    gpu: context.group.gpu,
    headroom,
    headroomBytes,
    reservedBytes,
    allocator: context.problem.stack.allocator,
    communicators: communicators(context),
  };
}

/** Worked out once, for the rooms that a search asks of and for the estimates of the plans that it finds there. */
export function heldAt(profile: StageProfile, place: StagePlace): Held {
  const { places } = profile.held;
  for (const known of places) if (samePlace(known.place, place)) return known;
  profile.held.terms ??= stageTerms(profile);
  const own = profile.held.terms(place);
  const terms =
    profile.context.problem.workload.models === undefined
      ? own
      : [...own, ...besideTerms(profile, place.ends)];
  const limits = places[0]?.limits ?? limitsOf(profile.context);
  const held = { place, terms, points: gathered(terms, place.chunks), limits };
  places.push(held);
  return held;
}

/** Peak of one GPU of a stage, given the micro-batches of each chunk that are alive at once. */
export function stageMemory(
  profile: StageProfile,
  content: StageContent,
  ends: Ends,
  { fronts, weightVersions, accumulates }: StageFlow,
): MemoryEstimate {
  const { terms, points, limits } = heldAt(profile, {
    chunks: content.length,
    ends,
    weightVersions,
    accumulates,
  });
  return judged(peakOf(terms, content, fronts, points), limits);
}

/** What a schedule makes a stage keep: micro-batches alive at once, versions of its weights, gradients from one micro-batch to the next. */
export interface StageFlow {
  readonly fronts: InFlight[number];
  readonly weightVersions: number;
  readonly accumulates: boolean;
}

/** By stage. */
export function flowOf(schedule: string, shape: PipelineShape): StageFlow[] {
  const module = scheduleOf(schedule);
  return inFlightOf(module, shape).map((fronts, stage) => ({
    fronts,
    weightVersions: module.weightVersions?.(stage, shape) ?? 1,
    accumulates: shape.microBatches > 1,
  }));
}

const AHEAD = having('runAhead');

/** The shape of one pipeline of a plan. */
export function shapeOf(
  { dims, techniques }: Pick<Plan, 'dims' | 'techniques'>,
  stages: number,
  microBatches: number,
): PipelineShape {
  const runAhead = AHEAD.reduce((sum, one) => sum + one.runAhead(one.of(techniques), stages), 0);
  return { stages, microBatches, virtualStages: dims.vpp, runAhead };
}
