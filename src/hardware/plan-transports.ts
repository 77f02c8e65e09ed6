import type { Cluster } from '../domain/cluster.ts';
import { dimsOf, type Pipeline, type Plan } from '../domain/plan.ts';
import { type ProcessGroups, processGroups } from './process-groups.ts';
import { spanOfDevices } from './span.ts';
import { slowestTransport, type Transport } from './transport.ts';

/** What carries each kind of process group of a plan: the slowest of all groups of that kind. */
export interface PlanTransports {
  readonly tensor: Transport;
  readonly context: Transport;
  /** Data × context parallel. */
  readonly data: Transport;
  readonly expert: Transport;
  readonly expertTensor: Transport;
  readonly expertData: Transport;
  /** One rank of each stage of a pipeline: its activations, and what first and last stage share. */
  readonly pipeline: Transport;
  /** All ranks: what torch.distributed starts with. */
  readonly world: Transport;
}

export function planTransports(cluster: Cluster, plan: Plan): PlanTransports {
  const stages = plan.pipelines.flatMap(({ stages: own }) =>
    own.flatMap((stage) =>
      stage.replicas.map((block, i) =>
        processGroups(cluster, stage.replicas, i, dimsOf(plan, own.length, stage, block)),
      ),
    ),
  );
  const over = (kind: keyof ProcessGroups) =>
    slowestTransport(stages.map((groups) => groups[kind].transport));
  const blocks = plan.pipelines.flatMap((one) => one.stages.flatMap(({ replicas }) => replicas));
  const world = spanOfDevices(
    cluster,
    blocks.flatMap((one) => [one.firstDevice, one.firstDevice + one.count * one.tp * plan.dims.cp - 1]),
  ).transport;
  // Unlike pipelines sum their gradients among each other.
  const across: Transport[] = plan.pipelines.length > 1 ? [world] : [];
  return {
    tensor: over('tensor'),
    context: over('context'),
    data: slowestTransport([over('gradient'), ...across]),
    expert: over('expert'),
    expertTensor: over('expertTensor'),
    expertData: slowestTransport([over('expertData'), ...across]),
    pipeline: slowestTransport(plan.pipelines.flatMap((one) => pipelineTransports(cluster, plan, one))),
    world,
  };
}

/** Of each copy of a pipeline, copies that begin a run of alike ones standing for the run. */
function pipelineTransports(cluster: Cluster, { dims }: Plan, { stages }: Pipeline): Transport[] {
  const runs = stages.map(({ replicas }) => {
    let first = 0;
    return replicas.map(({ firstDevice, count, tp }) => {
      const run = { first, end: first + count, firstDevice, width: tp * dims.cp };
      first += count;
      return run;
    });
  });
  const copies = new Set(runs.flatMap((all) => all.map(({ first }) => first)));
  return [...copies].map((copy) => {
    const devices = runs.flatMap((all) => {
      const run = all.find(({ first, end }) => first <= copy && copy < end);
      return run === undefined ? [] : [run.firstDevice + (copy - run.first) * run.width];
    });
    return spanOfDevices(cluster, devices).transport;
  });
}
