import type { Problem } from '../../domain/problem.ts';
import { endStages } from '../../evaluate/ends.ts';
import type { StageSeconds } from '../../evaluate/stage-costs.ts';
import { tiedSeconds } from '../../evaluate/time/tied-embedding.ts';
import { coefficients } from '../../hardware/coefficients.ts';
import { type Candidate, sharedOf } from '../space/candidate.ts';
import { devicesOfStage } from '../space/frame.ts';
import { pairOf } from './crossings.ts';

/** Seconds in which the first stage, after its last backward, sums up a tied embedding's gradient with a last stage apart from it. */
export function tiedEnds(problem: Problem, candidate: Candidate, costs: readonly StageSeconds[]): number {
  const bytes = costs[0]!.tiedBytes;
  const { layout } = candidate;
  const { runs, pp } = layout;
  const { all, embedding, head } = endStages(sharedOf(candidate), pp);
  if (bytes === 0 || all || embedding === head) return 0;
  const [first, last] = [runs[0]!, runs.at(-1)!];
  const { groups } = problem.cluster;
  const end = groups[last.group]!.firstDevice + (last.stages - 1) * devicesOfStage(layout, last);
  const senders = Math.max(devicesOfStage(layout, first), devicesOfStage(layout, last));
  const between = pairOf(problem.cluster, groups[first.group]!.firstDevice, end, senders, false);
  return tiedSeconds(bytes, between, coefficients(problem.coefficients));
}
