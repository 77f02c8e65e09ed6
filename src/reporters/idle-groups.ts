import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';

/** GPUs that a plan leaves idle, by node group: `8 × h100-sxm`. */
export function idleGroups(problem: Problem, { plan }: RankedPlan): string[] {
  const used = new Map<number, number>();
  for (const pipeline of plan.pipelines) {
    for (const stage of pipeline.stages) {
      for (const block of stage.replicas) {
        used.set(block.group, (used.get(block.group) ?? 0) + block.count * block.tp * plan.dims.cp);
      }
    }
  }
  return problem.cluster.groups.flatMap((group) => {
    const idle = group.nodes * group.gpusPerNode - (used.get(group.index) ?? 0);
    return idle > 0 ? [`${idle} × ${group.gpu.id}`] : [];
  });
}
