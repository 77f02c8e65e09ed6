import type { LayerRange, Plan } from '../../domain/plan.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { chunkPlaces } from '../../schedules/schedule.ts';

export interface PlacedChunk extends LayerRange {
  readonly stage: number;
}

/** The chunks of the first pipeline in layer order, each with the stage that holds it. */
export function chunksInOrder({ pipelines, schedule, dims }: Plan): PlacedChunk[] {
  const { stages } = pipelines[0]!;
  const places = chunkPlaces(scheduleOf(schedule), { stages: stages.length, virtualStages: dims.vpp });
  return places.map(({ stage, chunk }) => ({ ...stages[stage]!.chunks[chunk]!, stage }));
}

/** Every chunk holds equally many layers. */
export function isEven(plan: Plan): boolean {
  const [first, ...rest] = chunksInOrder(plan).map(({ first, end }) => end - first);
  return rest.every((layers) => layers === first);
}
