import { dealt } from '../../domain/dealt.ts';
import type { Plan, ReplicaBlock, Stage } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { chunksByStage } from '../../plan-text/plan-of.ts';
import { type Candidate, placesOf, sharedOf } from '../space/candidate.ts';
import { copiesOf, devicesOfStage } from '../space/frame.ts';

/**
 * A candidate as a plan; `counts` are layers of its chunks, in layer order. Its copies work on `total` micro-batches in all,
 * some on one more than others where they do not divide them.
 */
export function planFrom(
  problem: Problem,
  candidate: Candidate,
  counts: readonly number[],
  total = problem.workload.globalBatchSize / candidate.choice.microBatchSize,
): Plan {
  const { layout, choice } = candidate;
  const { cp, runs } = layout;
  const chunks = chunksByStage(counts, placesOf(candidate));
  let s = 0;
  const stages = runs.flatMap((run) => {
    const { group, stages: n, tp, fold = 1 } = run;
    const shares = dealt(total / fold, copiesOf(layout, run));
    return Array.from({ length: n }, (_, i): Stage => {
      const firstDevice = problem.cluster.groups[group]!.firstDevice + i * devicesOfStage(layout, run);
      return {
        chunks: chunks[s++]!,
        microBatchSize: choice.microBatchSize * fold,
        replicas: replicasOf({ group, tp }, firstDevice, shares, cp),
      };
    });
  });
  return {
    ...sharedOf(candidate),
    pipelines: [{ stages, microBatches: total / (runs[0]!.fold ?? 1) }],
    nodeOrder: null,
  };
}

/** Copies on consecutive devices, those with as many micro-batches side by side. */
function replicasOf(
  place: Pick<ReplicaBlock, 'group' | 'tp'>,
  firstDevice: number,
  shares: readonly number[],
  cp: number,
): ReplicaBlock[] {
  const blocks: ReplicaBlock[] = [];
  for (const microBatches of new Set(shares)) {
    const count = shares.filter((one) => one === microBatches).length;
    const before = shares.indexOf(microBatches);
    blocks.push({ count, ...place, firstDevice: firstDevice + before * place.tp * cp, microBatches });
  }
  return blocks;
}
