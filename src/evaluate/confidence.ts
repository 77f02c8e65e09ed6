import type { Cluster } from '../domain/cluster.ts';
import { measuredLayer } from '../domain/layer-profile.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { type Provenance, weakest } from '../domain/provenance.ts';
import { supports } from '../hardware/gemm.ts';
import { joinOf } from '../hardware/transport.ts';

/** The least trustworthy figure that this plan's estimate rests on. */
export function provenanceOf({ cluster }: Problem, plan: Plan): Provenance {
  const used = new Set(
    plan.pipelines.flatMap((p) => p.stages.flatMap((s) => s.replicas.map((b) => b.group))),
  );
  const all: Provenance[] = [];
  for (const index of used) {
    const group = cluster.groups[index]!;
    const { gemm, attention, memory, peak } = group.gpu.provenance;
    all.push(gemm, attention, memory, peak, group.intraNode.provenance, group.provenance);
    if (group.nodes > 1) all.push(group.nic.link.provenance);
  }
  for (const { from, to, provenance } of cluster.links)
    if (used.has(from) && used.has(to)) all.push(provenance);
  if (cluster.measured === undefined && joinsAssumed(cluster, [...used])) all.push('assumed');
  return weakest(all);
}

function joinsAssumed(cluster: Cluster, used: readonly number[]): boolean {
  return used.some((a, i) => used.slice(i).some((b) => !joinOf(cluster, a, b).stated));
}

/** What had to be assumed, in words: the cluster's own list, and what this plan's GPUs lack. */
export function assumptionsOf(problem: Problem, plan: Plan): string[] {
  const { cluster, workload, stack } = problem;
  const list = [...cluster.assumptions];
  const used = new Set(
    plan.pipelines.flatMap((p) => p.stages.flatMap((s) => s.replicas.map((b) => b.group))),
  );
  for (const index of used) {
    const { gpu } = cluster.groups[index]!;
    if (gpu.provenance.gemm === 'assumed')
      list.push(`${gpu.id}: GEMM speed scaled from a similar GPU, not measured`);
    if (!supports(gpu, workload.precision)) {
      list.push(`${gpu.id}: no ${workload.precision} arithmetic of its own; priced at the next wider format`);
    }
  }
  list.push(...notMeasured(problem, plan));
  if (stack.id === 'generic') list.push('software stack not named: generic kernels and overlap');
  return list;
}

/** Shapes of this plan that the user's layer profile does not cover. */
function notMeasured({ model, cluster, workload, layerProfile }: Problem, plan: Plan): string[] {
  if (layerProfile === undefined) return [];
  const missing = new Set<string>();
  const { cp } = plan.dims;
  for (const stage of plan.pipelines.flatMap(({ stages }) => stages)) {
    for (const { group, tp } of stage.replicas) {
      const gpu = cluster.groups[group]!.gpu.id;
      for (const { name } of model.kinds) {
        const point = measuredLayer(layerProfile, {
          gpu,
          tensorParallel: tp,
          contextParallel: cp,
          sequenceLength: workload.sequenceLength,
          layerKind: name,
          microBatch: stage.microBatchSize,
        });
        if (point !== null) continue;
        const degrees = `tp=${tp}${cp > 1 ? `, cp=${cp}` : ''}, micro-batch ${stage.microBatchSize}`;
        missing.add(`${layerProfile.name} does not reach ${name} layers on ${gpu} at ${degrees}: estimated`);
      }
    }
  }
  return [...missing];
}
