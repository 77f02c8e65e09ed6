import { type LayerRange, type Pipeline, type Plan, sequencesOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { scheduleOf } from '../schedules/index.ts';
import { chunkPlaces, modelsIn } from '../schedules/schedule.ts';

/** A plan read from a file may have been edited: its GPUs must exist and serve once, its layers be the model's. */
export function soundPlan(problem: Problem, plan: Plan): Reason | null {
  for (const pipeline of plan.pipelines) {
    const broken = devicesExist(problem, plan, pipeline) ?? layersOnce(problem, plan, pipeline);
    if (broken !== null) return broken;
  }
  return devicesOnce(plan) ?? nodesOnce(problem, plan);
}

/** Every stage works through the sequences of its pipeline, and all pipelines together through the batch. */
export function batchOnce({ workload }: Problem, { pipelines }: Plan): Reason | null {
  const batch = workload.globalBatchSize;
  let all = 0;
  for (const { stages } of pipelines) {
    const [first = 0, ...others] = stages.map(sequencesOf);
    all += first;
    const odd = others.find((one) => one !== first);
    if (odd !== undefined)
      return {
        rule: 'batch-once',
        actual: `${odd} sequences on one stage, ${first} on the first`,
        limit: 'as many on each',
      };
  }
  return all === batch
    ? null
    : { rule: 'batch-once', actual: `${all} sequences`, limit: `the batch of ${batch}` };
}

function devicesExist({ cluster }: Problem, { dims }: Plan, { stages }: Pipeline): Reason | null {
  for (const block of stages.flatMap(({ replicas }) => replicas)) {
    const group = cluster.groups[block.group];
    if (group === undefined)
      return {
        rule: 'group-exists',
        actual: `node group ${block.group}`,
        limit: `0 to ${cluster.groups.length - 1}`,
      };
    const end = block.firstDevice + block.count * block.tp * dims.cp;
    const groupEnd = group.firstDevice + group.nodes * group.gpusPerNode;
    if (block.firstDevice < group.firstDevice || end > groupEnd)
      return {
        rule: 'devices-exist',
        actual: `GPUs ${block.firstDevice} to ${end - 1}`,
        limit: `${group.firstDevice} to ${groupEnd - 1} in group ${group.id}`,
      };
  }
  return null;
}

function layersOnce({ model }: Problem, { schedule, dims }: Plan, { stages }: Pipeline): Reason | null {
  const odd = stages.find(({ chunks }) => chunks.length !== dims.vpp);
  if (odd !== undefined)
    return { rule: 'chunks', actual: `${odd.chunks.length} chunks on a stage`, limit: `vpp=${dims.vpp}` };
  const places = chunkPlaces(scheduleOf(schedule), { stages: stages.length, virtualStages: dims.vpp });
  const ranges = places.map(({ stage, chunk }): LayerRange => stages[stage]!.chunks[chunk]!);
  // Each model that the pipeline holds, from its first layer on.
  const length = ranges.length / modelsIn(scheduleOf(schedule));
  const gap = ranges.findIndex(
    ({ first, end }, i) => first !== (i % length === 0 ? 0 : ranges[i - 1]!.end) || end < first,
  );
  const ends = ranges.filter((_, i) => i % length === length - 1);
  if (gap < 0 && ends.every(({ end }) => end === model.layers.length)) return null;
  return {
    rule: 'layers-once',
    actual: `layer ranges ${ranges.map(({ first, end }) => `${first}-${end}`).join(' ')}`,
    limit: `each of ${model.layers.length} layers once, in the order of ${schedule}`,
  };
}

function devicesOnce({ pipelines, dims }: Plan): Reason | null {
  const blocks = pipelines.flatMap(({ stages }) => stages.flatMap(({ replicas }) => replicas));
  const ranges = blocks
    .map(({ firstDevice, count, tp }) => ({ first: firstDevice, end: firstDevice + count * tp * dims.cp }))
    .sort((a, b) => a.first - b.first);
  const twice = ranges.find(({ first }, i) => first < (ranges[i - 1]?.end ?? 0));
  return twice === undefined
    ? null
    : { rule: 'devices-once', actual: `GPU ${twice.first} in two places`, limit: 'one place for each GPU' };
}

function nodesOnce({ cluster }: Problem, { nodeOrder }: Plan): Reason | null {
  const nodes = cluster.groups.reduce((sum, group) => sum + group.nodes, 0);
  if (nodeOrder === null) return null;
  const all = nodeOrder.length === nodes && new Set(nodeOrder).size === nodes;
  return all && nodeOrder.every((node) => node < nodes)
    ? null
    : {
        rule: 'node-order',
        actual: `an order of ${nodeOrder.length} nodes`,
        limit: `each of ${nodes} nodes once`,
      };
}
