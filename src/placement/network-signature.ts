import { dimsOf, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { networkRate } from '../hardware/network-share.ts';
import { processGroups } from '../hardware/process-groups.ts';
import { pipelineOverSockets, stageBoundary } from '../hardware/stage-boundary.ts';

/**
 * All that a plan's cost can learn of the network: bandwidth and latency of every communication group and of every
 * boundary between stages. Two node orders with the same signature cost the same.
 */
export function networkSignature({ cluster }: Problem, plan: Plan): number[] {
  const signature: number[] = [];
  for (const pipeline of plan.pipelines) {
    const { stages } = pipeline;
    const overSockets = pipelineOverSockets(cluster, pipeline);
    for (const [s, stage] of stages.entries()) {
      for (const [own, block] of stage.replicas.entries()) {
        const dims = dimsOf(plan, stages.length, stage, block);
        const groups = processGroups(cluster, stage.replicas, own, dims);
        for (const span of Object.values(groups))
          signature.push(networkRate(span.share, 1), span.extraLatency);
      }
      const next = stages[s + 1] ?? (plan.dims.vpp > 1 ? stages[0] : undefined);
      if (next === undefined) continue;
      const ways = stageBoundary(cluster, stage.replicas, next.replicas, plan.dims.cp, overSockets);
      for (const span of Object.values(ways)) signature.push(networkRate(span.share, 1), span.extraLatency);
    }
  }
  return signature;
}
