import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { spanOf } from '../hardware/span.ts';
import { stageBoundary } from '../hardware/stage-boundary.ts';
import { spansOf } from '../techniques/spans.ts';

/**
 * All that a plan's cost can learn of the network: bandwidth and latency of every communication group and of every
 * boundary between stages. Two node orders with the same signature cost the same.
 */
export function networkSignature({ cluster }: Problem, plan: Plan): number[] {
  const signature: number[] = [];
  for (const { stages } of plan.pipelines) {
    for (const [s, stage] of stages.entries()) {
      for (const block of stage.replicas) {
        const spans = spansOf(cluster, block.firstDevice, {
          tensorParallel: block.tensorParallel,
          contextParallel: plan.contextParallel,
          dataParallel: block.count,
          expertParallel: plan.expertParallel,
          expertTensorParallel: plan.expertTensorParallel,
        });
        for (const span of Object.values(spans)) signature.push(span.networkPerMember, span.extraLatency);
      }
      const next = stages[s + 1] ?? (plan.schedule.virtualStages > 1 ? stages[0] : undefined);
      if (next === undefined) continue;
      const span = stageBoundary(cluster, stage.replicas[0]!, next.replicas[0]!, plan.contextParallel);
      signature.push(span.networkPerMember, span.extraLatency);
    }
  }
  if (plan.shardGroup !== null) {
    const block = plan.pipelines[0]!.stages[0]!.replicas[0]!;
    signature.push(
      spanOf(cluster, block.firstDevice, block.tensorParallel, plan.shardGroup).networkPerMember,
    );
  }
  return signature;
}
