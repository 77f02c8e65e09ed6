import type { Problem } from '../../domain/problem.ts';
import type { IntegerProgramCheck, PartitionProof } from '../../domain/search-result.ts';
import { checkCut } from '../../partition/check-cut.ts';
import { checkGroups } from '../../partition/check-groups.ts';
import { checkShares } from '../../partition/check-shares.ts';
import type { CostBook } from '../bound/cost-book.ts';
import { partitionProblem } from '../cut/partition-problem.ts';
import type { Evaluated } from '../run/kept.ts';
import { frameOf, type Layout } from '../space/frame.ts';
import { groupSize } from '../space/group-orders.ts';

/** The proof that is printed with a plan: only worth its integer programs for plans that are shown. */
export function proofOf(problem: Problem, one: Evaluated, book: CostBook): PartitionProof | null {
  const { cut, partition, shares } = one.realised;
  const dealt = shares === undefined ? null : checkShares(shares.classes, shares.total, shares);
  if (partition === null || (partition.stages.length < 2 && dealt === null)) return null;
  if (cut === null) {
    const method = one.realised.cutByLauncher === true ? 'launcher' : 'even';
    return { method, objectiveSeconds: 0, check: null, groups: null, shares: dealt };
  }
  const base =
    partition.stages.length < 2
      ? { method: 'closed-form' as const, objectiveSeconds: cut.objectiveSeconds, check: null }
      : checkCut(partition, cut);
  const moved = one.realised.settled === true ? { settled: true as const } : {};
  return { ...base, ...moved, groups: groupCheck(problem, one, book), shares: dealt };
}

/** Whether other groups on other stages could do better, with the same degrees and choices. */
function groupCheck(problem: Problem, one: Evaluated, book: CostBook): IntegerProgramCheck | null {
  const { candidate, realised } = one;
  const { layout, choice } = candidate;
  const { cluster, model } = problem;
  const alike = layout.runs.every((run) => run.tp === layout.tp && run.fold === undefined);
  if (one.family !== 'type-per-stage' || choice.vpp > 1 || !alike || model.kinds.length > 1) return null;
  const perStage = layout.tp * layout.cp * layout.dp;
  const able = cluster.groups.filter(
    (group) => groupSize(group) >= perStage && group.fastDomainGpus % layout.tp === 0,
  );
  const columns = able.map((group) => {
    const runs = [{ group: group.index, stages: layout.pp, tp: layout.tp }];
    const alone: Layout = { ...frameOf(runs, layout.cp, layout.dp), ep: layout.ep, etp: layout.etp };
    const here = { layout: alone, choice };
    return partitionProblem(problem, here, book.of(here)).stages;
  });
  const { microBatches, flows } = realised.partition!;
  return checkGroups(
    {
      layers: model.layers.length,
      microBatches,
      ...(flows === undefined ? {} : { flows }),
      stages: Array.from({ length: layout.pp }, (_, s) => columns.map((column) => column[s]!)),
      most: able.map((group) => Math.floor(groupSize(group) / perStage)),
    },
    realised.cut!.objectiveSeconds / microBatches,
  );
}
