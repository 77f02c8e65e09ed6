import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { techniqueLaw } from '../../laws/techniques.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { modelsIn, scheduleLaw } from '../../schedules/schedule.ts';
import { type Candidate, microBatchesPerReplica, shapeFor, specFor } from '../space/candidate.ts';

/** The law that the schedule or the techniques of a candidate break. */
export function choiceLaw(problem: Problem, candidate: Candidate): Reason | null {
  const { layout, choice } = candidate;
  const microBatches = microBatchesPerReplica(problem, candidate);
  const { id } = scheduleOf(choice.schedule);
  if (modelsIn(scheduleOf(choice.schedule)) > 1)
    return {
      rule: 'mirrored-layers',
      actual: `schedule=${id}`,
      limit: 'a schedule whose layers lie on one stage each: a search cuts no others',
      hint: `Maybe estimate --config …,vpp=2,schedule=${id}.`,
    };
  if (layout.pp > 1) {
    if (choice.vpp > 1 && microBatches < layout.pp)
      return {
        rule: 'schedule-micro-batches',
        actual: `${microBatches} micro-batches`,
        limit: `at least pp=${layout.pp} for several chunks a stage`,
      };
    const shape = shapeFor(candidate, microBatches);
    const broken = scheduleLaw(scheduleOf(choice.schedule), shape, problem.workload);
    if (broken !== null) return broken;
  }
  for (const run of layout.runs) {
    const { dims } = specFor(problem, candidate, run);
    const broken = techniqueLaw(problem, dims, choice.techniques, microBatches);
    if (broken !== null) return broken;
  }
  return null;
}
