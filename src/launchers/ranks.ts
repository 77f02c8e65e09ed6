import type { Cluster } from '../domain/cluster.ts';
import type { Plan } from '../domain/plan.ts';

/** Devices in the order of global ranks: pipeline outermost, then data-parallel copies, then tensor × context. */
export function ranksOf(plan: Plan): number[] {
  const ranks: number[] = [];
  for (const { stages } of plan.pipelines) {
    for (const { replicas } of stages) {
      for (const block of replicas) {
        const devices = block.count * block.tensorParallel * plan.contextParallel;
        for (let i = 0; i < devices; i++) ranks.push(block.firstDevice + i);
      }
    }
  }
  return ranks;
}

/** A run of ranks on one host: `gpus` GPUs from local index `firstGpu` on. */
export interface HostRun {
  readonly host: string;
  readonly group: number;
  readonly firstGpu: number;
  readonly gpus: number;
}

/** The hosts in rank order. A host that stands in several places appears several times. */
export function hostRuns(cluster: Cluster, plan: Plan): HostRun[] {
  const seats = deviceSeats(cluster, plan.nodeOrder);
  const runs: { host: string; group: number; firstGpu: number; gpus: number }[] = [];
  for (const device of ranksOf(plan)) {
    const seat = seats[device]!;
    const last = runs.at(-1);
    if (
      last !== undefined &&
      last.host === seat.host &&
      last.group === seat.group &&
      last.firstGpu + last.gpus === seat.gpu
    )
      last.gpus += 1;
    else runs.push({ host: seat.host, group: seat.group, firstGpu: seat.gpu, gpus: 1 });
  }
  return runs;
}

interface Seat {
  readonly host: string;
  readonly group: number;
  readonly gpu: number;
}

/** Where each device number of a plan is; `nodeOrder` says which node takes the place of each. */
function deviceSeats(cluster: Cluster, nodeOrder: readonly number[] | null): Seat[] {
  const nodes = cluster.groups.flatMap((group) =>
    group.hosts.map((host) => ({ host, group: group.index, gpus: group.gpusPerNode })),
  );
  const order = nodeOrder ?? nodes.map((_, index) => index);
  return order.flatMap((index) => {
    const { host, group, gpus } = nodes[index]!;
    return Array.from({ length: gpus }, (_, gpu) => ({ host, group, gpu }));
  });
}
