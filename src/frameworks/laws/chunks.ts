import type { LayerRange, Plan } from '../../domain/plan.ts';

export interface PlacedChunk extends LayerRange {
  readonly stage: number;
}

/** The chunks of the first pipeline in layer order, each with the stage that holds it. */
export function chunksInOrder(plan: Plan): PlacedChunk[] {
  return plan.pipelines[0]!.stages.flatMap(({ chunks }, stage) =>
    chunks.map(({ first, end }) => ({ first, end, stage })),
  ).sort((a, b) => a.first - b.first || a.end - b.end || a.stage - b.stage);
}

/** Every chunk holds equally many layers. */
export function isEven(plan: Plan): boolean {
  const [first, ...rest] = chunksInOrder(plan).map(({ first, end }) => end - first);
  return rest.every((layers) => layers === first);
}
