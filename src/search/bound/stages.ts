import { scheduleOf } from '../../schedules/index.ts';
import { stageOfChunk } from '../../schedules/schedule.ts';
import { TECHNIQUES } from '../../techniques/index.ts';
import type { Candidate } from '../space/candidate.ts';

/** Where a stage stands: its run of the layout, and which ends of the model it holds. */
export interface StagePlaceInRun {
  readonly run: number;
  readonly first: boolean;
  readonly last: boolean;
}

/** Stages that hold an end of the model, by number: a folded schedule has both on the first. `all`: every stage has both. */
export interface EndStages {
  readonly embedding: number;
  readonly head: number;
  readonly all: boolean;
}

export function endStages({ layout, choice }: Candidate): EndStages {
  const schedule = scheduleOf(choice.schedule);
  const shape = { stages: layout.pp };
  return {
    embedding: stageOfChunk(schedule, 0, shape),
    head: stageOfChunk(schedule, layout.pp * choice.vpp - 1, shape),
    all: TECHNIQUES.some((one) => one.spreadsEnds?.(one.of(choice.techniques)) === true),
  };
}

export function stagesOf(candidate: Candidate): StagePlaceInRun[] {
  const { embedding, head, all } = endStages(candidate);
  return candidate.layout.runs
    .flatMap(({ stages }, run) => new Array<number>(stages).fill(run))
    .map((run, s) => ({ run, first: all || s === embedding, last: all || s === head }));
}
