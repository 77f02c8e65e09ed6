import { TECHNIQUES } from '../../techniques/index.ts';
import { type Candidate, placesOf } from '../space/candidate.ts';

/** Where a stage stands: its run of the layout, and which ends of the model it holds. */
export interface StagePlaceInRun {
  readonly run: number;
  readonly first: boolean;
  readonly last: boolean;
}

/**
 * By stage, as its chunks lie: a folded schedule has both ends on the first stage; where a technique spreads the ends over
 * the pipeline every stage has both.
 */
export function stagesOf(candidate: Candidate): StagePlaceInRun[] {
  const { layout, choice } = candidate;
  const places = placesOf(candidate);
  const [first, last] = [places[0]!.stage, places.at(-1)!.stage];
  const spread = TECHNIQUES.some((one) => one.spreadsEnds?.(one.of(choice.techniques)) === true);
  return layout.runs
    .flatMap(({ stages }, run) => new Array<number>(stages).fill(run))
    .map((run, s) => ({ run, first: spread || s === first, last: spread || s === last }));
}
