import type { Cluster } from '../domain/cluster.ts';
import type { Plan } from '../domain/plan.ts';

/** What one device does in a plan: its coordinates, each from 0. */
export interface Place {
  readonly device: number;
  readonly pipeline: number;
  readonly stage: number;
  readonly tp: number;
  readonly cp: number;
  readonly dp: number;
  readonly ep: number;
}

/** How a framework numbers its ranks, where not as Megatron-LM does. */
export type RankOrder = (a: Place, b: Place) => number;

/** A whole replica of the model after another: pipeline, copy, stage, then tensor × context. */
export const REPLICA_BY_REPLICA: RankOrder = (a, b) =>
  a.pipeline - b.pipeline || a.dp - b.dp || a.stage - b.stage || a.cp - b.cp || a.tp - b.tp;

/** Host by host, GPU by GPU, for frameworks that are told which rank does what. */
export const DEVICE_BY_DEVICE: RankOrder = (a, b) => a.device - b.device;

/**
 * The places of a plan in the order of global ranks: through the stages of a pipeline; inside a stage tensor parallelism is
 * innermost, then context, then data parallelism, and the expert grid tiles the same ranks as etp, ep and copies (Megatron's
 * tp-cp-ep-dp-pp).
 */
export function placesOf(plan: Plan, order?: RankOrder): Place[] {
  const { cp, ep, etp } = plan.dims;
  const places: Place[] = [];
  for (const [pipeline, { stages }] of plan.pipelines.entries()) {
    for (const [stage, { replicas }] of stages.entries()) {
      let inStage = 0;
      let copies = 0;
      for (const { count, tp, firstDevice } of replicas) {
        for (let i = 0; i < count * tp * cp; i++) {
          places.push({
            device: firstDevice + i,
            pipeline,
            stage,
            tp: i % tp,
            cp: Math.floor(i / tp) % cp,
            dp: copies + Math.floor(i / (tp * cp)),
            ep: Math.floor(inStage++ / etp) % ep,
          });
        }
        copies += count;
      }
    }
  }
  return order === undefined ? places : places.sort(order);
}

/** A run of ranks on one host. */
export interface HostRun {
  readonly host: string;
  /** Node groups of its GPUs, in the order of ranks: several where it has several types. */
  readonly groups: readonly [number, ...number[]];
  /** Local index of each rank's GPU. */
  readonly gpus: readonly number[];
}

/** The hosts in rank order. A host that stands in several places appears several times. */
export function hostRuns(cluster: Cluster, plan: Plan, order?: RankOrder): HostRun[] {
  const runs: { host: string; groups: [number, ...number[]]; gpus: number[] }[] = [];
  for (const { host, group, gpu } of seatsOf(cluster, plan, order)) {
    const last = runs.at(-1);
    if (last === undefined || last.host !== host) {
      runs.push({ host, groups: [group], gpus: [gpu] });
      continue;
    }
    last.gpus.push(gpu);
    if (!last.groups.includes(group)) last.groups.push(group);
  }
  return runs;
}

/** A run of ranks on the GPUs of one type of a host, from local index `firstGpu` on. */
export interface GpuRun {
  readonly host: string;
  readonly group: number;
  readonly firstGpu: number;
  readonly gpus: number;
}

/** The same, each run cut where the type of GPU changes or their order. */
export function gpuRuns(cluster: Cluster, plan: Plan, order?: RankOrder): GpuRun[] {
  const runs: { host: string; group: number; firstGpu: number; gpus: number }[] = [];
  for (const { host, group, gpu } of seatsOf(cluster, plan, order)) {
    const last = runs.at(-1);
    const next = last === undefined ? null : last.firstGpu + last.gpus;
    if (last?.host === host && last.group === group && next === gpu) last.gpus += 1;
    else runs.push({ host, group, firstGpu: gpu, gpus: 1 });
  }
  return runs;
}

export interface Seat {
  readonly host: string;
  readonly group: number;
  readonly gpu: number;
}

/** Where each global rank sits; the plan's `nodeOrder` says which node takes the place of each. */
export function seatsOf(cluster: Cluster, plan: Plan, order?: RankOrder): Seat[] {
  const nodes = cluster.groups.flatMap((group) =>
    group.hosts.map((host, i) => ({
      host,
      group: group.index,
      gpus: group.gpusPerNode,
      firstGpu: group.shared?.firstGpus[i] ?? 0,
    })),
  );
  const nodeOrder = plan.nodeOrder ?? nodes.map((_, index) => index);
  const seats = nodeOrder.flatMap((index) => {
    const { host, group, gpus, firstGpu } = nodes[index]!;
    return Array.from({ length: gpus }, (_, i) => ({ host, group, gpu: firstGpu + i }));
  });
  return placesOf(plan, order).map(({ device }) => seats[device]!);
}
