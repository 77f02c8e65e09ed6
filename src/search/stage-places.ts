import type { PipelineShape, Schedule } from '../schedules/schedule.ts';

/** Which ends of the model a stage holds. */
export interface EndsOfStage {
  readonly first: boolean;
  readonly last: boolean;
}

/** By stage, as the schedule lays out its chunks: a folded one has both ends on the first stage. */
export function endsByStage(schedule: Schedule, shape: PipelineShape): EndsOfStage[] {
  const first = schedule.stageOfChunk(0, shape);
  const last = schedule.stageOfChunk(shape.stages * shape.virtualStages - 1, shape);
  return Array.from({ length: shape.stages }, (_, s) => ({ first: s === first, last: s === last }));
}
