import { type StageCosts, stageCosts } from '../cost/stage-costs.ts';
import { profileCache } from '../cost/stage-profile.ts';
import type { Problem } from '../domain/problem.ts';
import { type Candidate, settingsFor } from './realise.ts';

/** Costs of stages, shared by everything one search asks; forgets when it grows large. */
export class CostBook {
  readonly profiles = profileCache();
  private readonly stages = new Map<string, StageCosts[]>();
  private readonly problem: Problem;

  constructor(problem: Problem) {
    this.problem = problem;
  }

  /** Costs of each run of the candidate's layout. */
  of(candidate: Candidate): readonly StageCosts[] {
    const { layout, switches: s } = candidate;
    const { cp, dp, ep, etp } = layout;
    const key = `${layout.runs.map((run) => `${run.group}x${run.tp}`).join()}|${cp}|${dp}|${ep}|${etp}|${layout.pp > 1}|${s.microBatch}|${s.schedule}|${s.virtualStages}|${s.recompute.mode}/${s.recompute.layersPerStage}|${s.sharding}`;
    let costs = this.stages.get(key);
    if (costs === undefined) {
      if (this.stages.size > MOST_REMEMBERED) this.stages.clear();
      const settings = settingsFor(candidate);
      costs = layout.runs.map(({ group, tp }) => {
        const shape = { group, tensorParallel: tp, dataParallel: dp };
        return stageCosts(this.problem, settings, shape, layout.pp > 1, this.profiles);
      });
      this.stages.set(key, costs);
    }
    return costs;
  }
}

const MOST_REMEMBERED = 20_000;
