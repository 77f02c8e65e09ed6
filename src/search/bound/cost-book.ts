import type { Problem } from '../../domain/problem.ts';
import { type StageCosts, stageCosts } from '../../evaluate/stage-costs.ts';
import { profileCache } from '../../evaluate/stage-profile.ts';
import { techniqueKeys } from '../../techniques/index.ts';
import { remembered } from '../../units/remembered.ts';
import { type Candidate, specFor } from '../space/candidate.ts';

/** Costs of stages, shared by everything one search asks; forgets when it grows large. */
export class CostBook {
  readonly profiles = profileCache();
  private readonly stages = new Map<string, StageCosts[]>();
  private readonly problem: Problem;

  constructor(problem: Problem) {
    this.problem = problem;
  }

  /** The same for a candidate that is looked at once: what nobody asks for again only fills the heap. */
  passing(candidate: Candidate): readonly StageCosts[] {
    return candidate.layout.runs.map((run) =>
      stageCosts(this.problem, specFor(this.problem, candidate, run), this.profiles, true),
    );
  }

  /** Costs of each run of the candidate's layout. */
  of(candidate: Candidate): readonly StageCosts[] {
    const { runs } = candidate.layout;
    return remembered(
      this.stages,
      keyOf(candidate),
      () => runs.map((run) => stageCosts(this.problem, specFor(this.problem, candidate, run), this.profiles)),
      MOST_REMEMBERED,
    );
  }
}

const MOST_REMEMBERED = 4000;

/** All that a candidate's stages can depend on. */
function keyOf({ layout, choice }: Candidate): string {
  const { runs, cp, dp, ep, etp, pp } = layout;
  const { microBatchSize, vpp, schedule, dpReplicate, techniques } = choice;
  return [
    ...runs.map((run) => `${run.group}x${run.tp}`),
    ...[cp, dp, ep, etp, pp, dpReplicate, microBatchSize, vpp, schedule],
    techniqueKeys(techniques).all,
  ].join('|');
}
