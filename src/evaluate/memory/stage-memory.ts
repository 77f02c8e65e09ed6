import type { MemoryEstimate } from '../../domain/estimate.ts';
import type { MemoryTerm } from '../../domain/memory-term.ts';
import type { Ends, Plan } from '../../domain/plan.ts';
import { type InFlight, inFlightOf } from '../../schedules/in-flight.ts';
import { scheduleOf } from '../../schedules/index.ts';
import type { PipelineShape } from '../../schedules/schedule.ts';
import { TECHNIQUES } from '../../techniques/index.ts';
import type { StageContext } from '../../techniques/technique.ts';
import { remembered } from '../../units/remembered.ts';
import { communicators } from '../communicators.ts';
import type { StageProfile } from '../stage-profile.ts';
import type { StageContent } from './content.ts';
import type { Limits } from './device.ts';
import { type Gathered, gathered } from './gathered.ts';
import { type StagePlace, stageTerms } from './stage-terms.ts';
import { judged, peakOf } from './walk.ts';

/** What bounds one GPU of a stage. */
export function limitsOf(context: StageContext): Limits {
  return {
    gpu: context.group.gpu,
    headroom: context.problem.workload.headroom,
    allocator: context.problem.stack.allocator,
    communicators: communicators(context),
  };
}

/** What GPUs in one place of a pipeline hold, whatever their layers. */
interface Held {
  readonly terms: readonly MemoryTerm[];
  readonly points: readonly Gathered[];
  readonly limits: Limits;
}

/** Memory of the stages of a plan: those that stand alike share what does not depend on their layers. */
export class StageMemory {
  private readonly held = new Map<StageProfile, Map<string, Held>>();

  /** Peak of one GPU of a stage, given the micro-batches of each chunk that are alive at once. */
  of(
    profile: StageProfile,
    content: StageContent,
    ends: Ends,
    { fronts, weightVersions }: StageFlow,
  ): MemoryEstimate {
    const place = { chunks: content.length, ends, weightVersions };
    const known = remembered(this.held, profile, () => new Map<string, Held>());
    const key = `${place.chunks}/${ends.embedding}/${ends.head}/${weightVersions}`;
    const { terms, points, limits } = remembered(known, key, () => heldAt(profile, place));
    return judged(peakOf(terms, content, fronts, points), limits);
  }
}

function heldAt(profile: StageProfile, place: StagePlace): Held {
  const terms = stageTerms(profile, place);
  return { terms, points: gathered(terms, place.chunks), limits: limitsOf(profile.context) };
}

/** What a schedule makes a stage keep: micro-batches alive at once, versions of its weights. */
export interface StageFlow {
  readonly fronts: InFlight[number];
  readonly weightVersions: number;
}

/** By stage. */
export function flowOf(schedule: string, shape: PipelineShape): StageFlow[] {
  const module = scheduleOf(schedule);
  return inFlightOf(module, shape).map((fronts, stage) => ({
    fronts,
    weightVersions: module.weightVersions?.(stage, shape) ?? 1,
  }));
}

/** The shape of one pipeline of a plan. */
export function shapeOf(
  { dims, techniques }: Pick<Plan, 'dims' | 'techniques'>,
  stages: number,
  microBatches: number,
): PipelineShape {
  const runAhead = TECHNIQUES.reduce(
    (sum, one) => sum + (one.runAhead?.(one.of(techniques), stages) ?? 0),
    0,
  );
  return { stages, microBatches, virtualStages: dims.vpp, runAhead };
}
