import type { Ends, Pipeline, Plan } from '../domain/plan.ts';
import { scheduleOf } from '../schedules/index.ts';
import { modelsIn, stageOfChunk } from '../schedules/schedule.ts';
import { having } from '../techniques/index.ts';

/**
 * The stages that hold an end of the model, by number: those of the first chunk and of the last in layer order, even if they
 * have no layers (a folded schedule has both on one stage). `all`: a technique spreads the ends over the pipeline, and every
 * stage has part of both.
 */
export interface EndStages {
  readonly embedding: number;
  readonly head: number;
  readonly all: boolean;
}

const SPREADING = having('spreadsEnds');

export function endStages(
  {
    schedule,
    dims,
    techniques,
  }: Pick<Plan, 'schedule' | 'techniques'> & { readonly dims: Pick<Plan['dims'], 'vpp'> },
  stages: number,
): EndStages {
  const module = scheduleOf(schedule);
  return {
    embedding: stageOfChunk(module, 0, { stages }),
    head: stageOfChunk(module, stages * dims.vpp - 1, { stages }),
    all: SPREADING.some((one) => one.spreadsEnds(one.of(techniques)) === true),
  };
}

/** By stage: the chunks that hold the embedding and the head: its first, and its last. */
export function endsOf(plan: Plan, { stages }: Pipeline): readonly Ends[] {
  const { embedding, head, all } = endStages(plan, stages.length);
  const last = plan.dims.vpp - 1;
  const ends = stages.map((_, stage) => ({
    embedding: all || stage === embedding ? 0 : null,
    head: all || stage === head ? last : null,
  }));
  // The model from the last stage on has its ends where the other has them, exchanged.
  if (modelsIn(scheduleOf(plan.schedule)) === 2) ends[stages.length - 1] = { embedding: last, head: 0 };
  return ends;
}
