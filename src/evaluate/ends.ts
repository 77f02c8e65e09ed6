import type { Ends, Pipeline, Plan } from '../domain/plan.ts';
import { scheduleOf } from '../schedules/index.ts';
import { chunkPlaces } from '../schedules/schedule.ts';
import { TECHNIQUES } from '../techniques/index.ts';

/**
 * By stage: the chunks that hold the embedding and the head. They are the first and the last in layer order, even if they
 * have no layers; where a technique spreads the ends over the pipeline every stage has part of both.
 */
export function endsOf({ schedule, dims, techniques }: Plan, { stages }: Pipeline): readonly Ends[] {
  if (TECHNIQUES.some((one) => one.spreadsEnds?.(one.of(techniques)) === true))
    return stages.map(() => ({ embedding: 0, head: dims.vpp - 1 }));
  const places = chunkPlaces(scheduleOf(schedule), { stages: stages.length, virtualStages: dims.vpp });
  const [first, last] = [places[0]!, places.at(-1)!];
  return stages.map((_, stage) => ({
    embedding: first.stage === stage ? first.chunk : null,
    head: last.stage === stage ? last.chunk : null,
  }));
}
