import type { Plan, Stage } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { chunksByStage } from '../../plan-text/plan-of.ts';
import { type Candidate, microBatchesPerReplica, placesOf, sharedOf } from '../space/candidate.ts';

/** A candidate as a plan; `counts` are layers of its chunks, in layer order. */
export function planFrom(
  problem: Problem,
  candidate: Candidate,
  counts: readonly number[],
  microBatches = microBatchesPerReplica(problem, candidate),
): Plan {
  const { layout, choice } = candidate;
  const { cp, dp, runs } = layout;
  const chunks = chunksByStage(counts, placesOf(candidate));
  let s = 0;
  const stages = runs.flatMap(({ group, stages: n, tp }) =>
    Array.from({ length: n }, (_, i): Stage => {
      const firstDevice = problem.cluster.groups[group]!.firstDevice + i * tp * cp * dp;
      return {
        chunks: chunks[s++]!,
        microBatchSize: choice.microBatchSize,
        replicas: [{ count: dp, group, firstDevice, tp, microBatches }],
      };
    }),
  );
  return {
    ...sharedOf(candidate),
    pipelines: [{ stages, microBatches: microBatches * dp }],
    nodeOrder: null,
  };
}
