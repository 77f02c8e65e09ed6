import { endStages } from '../../evaluate/ends.ts';
import { type Candidate, sharedOf } from '../space/candidate.ts';

/** Where a stage stands: its run of the layout, and which ends of the model it holds. */
export interface StagePlaceInRun {
  readonly run: number;
  /** Its number there. */
  readonly within: number;
  readonly first: boolean;
  readonly last: boolean;
}

export function stagesOf(candidate: Candidate): StagePlaceInRun[] {
  const { pp, runs } = candidate.layout;
  const { embedding, head, all } = endStages(sharedOf(candidate), pp);
  return runs
    .flatMap(({ stages }, run) => Array.from({ length: stages }, (_, within) => ({ run, within })))
    .map((place, s) => ({ ...place, first: all || s === embedding, last: all || s === head }));
}
