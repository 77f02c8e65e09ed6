import type { Cluster } from '../domain/cluster.ts';
import type { Plan } from '../domain/plan.ts';
import { rememberedOf } from '../units/remembered.ts';

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
  for (const { host, group, firstGpu, gpus } of gpuRuns(cluster, plan, order)) {
    let last = runs.at(-1);
    if (last === undefined || last.host !== host) {
      last = { host, groups: [group], gpus: [] };
      runs.push(last);
    } else if (!last.groups.includes(group)) last.groups.push(group);
    for (let i = 0; i < gpus; i++) last.gpus.push(firstGpu + i);
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
  const nodes = nodesOf(cluster, plan);
  const runs: GpuRun[] = [];
  for (const { firstDevice, devices } of stretchesOf(plan, order)) {
    const end = firstDevice + devices;
    let node = nodeAt(nodes, firstDevice);
    for (let device = firstDevice; device < end; node++) {
      const one = nodes[node]!;
      const firstGpu = one.firstGpu + device - one.firstDevice;
      const gpus = Math.min(end, one.firstDevice + one.gpus) - device;
      const last = runs.at(-1);
      if (last?.host === one.host && last.group === one.group && last.firstGpu + last.gpus === firstGpu)
        runs[runs.length - 1] = { ...last, gpus: last.gpus + gpus };
      else runs.push({ host: one.host, group: one.group, firstGpu, gpus });
      device += gpus;
    }
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
  return gpuRuns(cluster, plan, order).flatMap(({ host, group, firstGpu, gpus }) =>
    Array.from({ length: gpus }, (_, i) => ({ host, group, gpu: firstGpu + i })),
  );
}

/** Ranks in a row on devices in a row. */
interface Stretch {
  readonly firstDevice: number;
  readonly devices: number;
}

function stretchesOf(plan: Plan, order: RankOrder | undefined): Stretch[] {
  if (order !== undefined)
    return placesOf(plan, order).map(({ device }) => ({ firstDevice: device, devices: 1 }));
  return plan.pipelines.flatMap(({ stages }) =>
    stages.flatMap(({ replicas }) =>
      replicas.map(({ firstDevice, count, tp }) => ({ firstDevice, devices: count * tp * plan.dims.cp })),
    ),
  );
}

/** A node, and the devices of a plan that are its GPUs. */
interface Node {
  readonly host: string;
  readonly group: number;
  readonly gpus: number;
  readonly firstGpu: number;
  readonly firstDevice: number;
}

/** In the order of devices. */
function nodesOf(cluster: Cluster, { nodeOrder }: Plan): readonly Node[] {
  const asListed = rememberedOf(listed, cluster, () =>
    placed(
      cluster.groups.flatMap((group) =>
        group.hosts.map((host, i) => ({
          host,
          group: group.index,
          gpus: group.gpusPerNode,
          firstGpu: group.shared?.firstGpus[i] ?? 0,
        })),
      ),
    ),
  );
  return nodeOrder === null ? asListed : placed(nodeOrder.map((index) => asListed[index]!));
}

const listed = new WeakMap<Cluster, readonly Node[]>();

function placed(nodes: readonly Omit<Node, 'firstDevice'>[]): Node[] {
  let firstDevice = 0;
  return nodes.map((node) => {
    const one = { ...node, firstDevice };
    firstDevice += node.gpus;
    return one;
  });
}

/** Index of the node that has a device. */
function nodeAt(nodes: readonly Node[], device: number): number {
  let [low, high] = [0, nodes.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (nodes[middle]!.firstDevice <= device) low = middle;
    else high = middle;
  }
  return low;
}
