import type { MemoryEstimate } from '../domain/estimate.ts';
import type { MemoryTerm } from '../domain/memory-term.ts';
import type { Ends, Plan, ScheduleId } from '../domain/plan.ts';
import type { Limits } from '../memory/device.ts';
import { type StageMemory, stageTerms } from '../memory/stage-terms.ts';
import { judged, peakOf } from '../memory/walk.ts';
import { type InFlight, inFlightOf } from '../schedules/in-flight.ts';
import { scheduleOf } from '../schedules/index.ts';
import type { Schedule } from '../schedules/schedule.ts';
import { communicators } from './communicators.ts';
import { shardSpan } from './fully-sharded.ts';
import type { StageProfile } from './stage-profile.ts';
import type { BlockRun } from './stage-run.ts';
import { vocabularyInFlight } from './vocabulary-parallel.ts';

/** Where a stage stands in its pipeline. */
export interface StagePlace {
  readonly chunks: number;
  readonly ends: Ends;
  readonly pipelined: boolean;
}

/** All that one GPU of a stage holds. */
export function termsOf(profile: StageProfile, place: StagePlace): MemoryTerm[] {
  const { problem, settings, local, spans } = profile.context;
  const shards = { dense: shardSpan(profile.context).size, expert: spans.expertData.size };
  const flushed = place.pipelined && !scheduleFor(settings.schedule.id).bounded;
  return stageTerms(problem, settings, local, { ...place, flushed, shards }, memoryOf(profile));
}

/** The memory of a profile's parts. */
export function memoryOf({ layers, embedding, head, prediction }: StageProfile): StageMemory {
  return {
    layers: layers.map((kinds) => kinds.map(({ memory }) => memory)),
    embedding: embedding.memory,
    head: head.memory,
    prediction: prediction.memory,
  };
}

/** What bounds one GPU of a stage. */
export function limitsOf({ context }: StageProfile, pipelined: boolean): Limits {
  return {
    gpu: context.group.gpu,
    headroom: context.problem.workload.headroom,
    allocator: context.problem.stack.allocator,
    communicators: communicators(context) + (pipelined ? 1 : 0),
  };
}

/** Peak memory of one GPU of a block, given the micro-batches of each chunk that are alive at once. */
export function stageMemory(run: BlockRun, place: StagePlace, fronts: InFlight[number]): MemoryEstimate {
  const peak = peakOf(termsOf(run.profile, place), run.content, fronts);
  return judged(peak, limitsOf(run.profile, place.pipelined));
}

/** What the schedule of a plan keeps alive on each stage of a pipeline. */
export function inFlightOfPlan(plan: Plan, pipeline: number, microBatches: number): InFlight {
  const stages = plan.pipelines[pipeline]!.stages.length;
  const { id, virtualStages } = plan.schedule;
  const runAhead = vocabularyInFlight(plan, stages);
  return inFlightOf(scheduleFor(id), { stages, microBatches, virtualStages, runAhead });
}

function scheduleFor(id: ScheduleId): Schedule {
  const schedule = scheduleOf(id);
  if (schedule === undefined) throw new RangeError(`no schedule ${id}`);
  return schedule;
}
