import { microBatchSizeOf, type Pipeline, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { scheduleOf, usualSchedule } from '../schedules/index.ts';
import { modelsIn } from '../schedules/schedule.ts';
import { parseConfiguration } from './configuration.ts';
import { degreesOf } from './degrees.ts';
import { pipelinesText } from './pipelines.ts';
import { planOf } from './plan-of.ts';
import { toldTechniques } from './told.ts';

/** A plan as it would be typed after --config: nothing is left to be inferred. */
export function planText(problem: Problem, plan: Plan): string {
  const { dims, schedule } = plan;
  const { cp, ep, etp, vpp, dpReplicate } = dims;
  const degrees = textOf(`cp=${cp}`, ep > 1 || etp > 1 ? `ep=${ep},etp=${etp}` : '');
  const common = [
    `micro-batch=${microBatchSizeOf(plan)}`,
    dpReplicate === 1 ? '' : `dp-replicate=${dpReplicate}`,
    ...toldTechniques(problem, plan).map(({ id, text }) => `${id}=${text}`),
    schedule === usualSchedule(vpp).id ? '' : `schedule=${schedule}`,
  ];
  const { pp, dp } = degreesOf(plan);
  const short = textOf(
    `tp=${tensorText(plan)},pp=${pp},dp=${dp}`,
    degrees,
    `vpp=${vpp}`,
    ...common,
    layersText(plan),
    groupsText(problem, plan),
  );
  // Several chunks a stage are never spelled out.
  if (vpp > 1 || saysAll(problem, plan, short)) return short;
  return textOf(`pipelines=${pipelinesText(problem, plan)}`, degrees, ...common);
}

function textOf(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(',');
}

/** Whether a text gives the same pipelines back. */
function saysAll(problem: Problem, { pipelines }: Plan, text: string): boolean {
  if (pipelines.length > 1) return false;
  const again = planOf(problem, parseConfiguration(text));
  return !('rule' in again) && places(again.plan.pipelines[0]!) === places(pipelines[0]!);
}

function places({ stages }: Pipeline): string {
  return JSON.stringify(
    stages.map(({ chunks, microBatchSize, replicas }) => [
      microBatchSize,
      chunks.map(({ first, end }) => [first, end]),
      replicas.map(({ count, group, firstDevice, tp, microBatches, microBatchSize: own, stateParts }) => [
        ...[count, group, firstDevice, tp, microBatches],
        ...[own ?? microBatchSize, stateParts ?? 1],
      ]),
    ]),
  );
}

/** One size, or that of each group in pipeline order. */
function tensorText({ pipelines }: Plan): string {
  const byGroup = new Map<number, number>();
  for (const { replicas } of pipelines[0]!.stages)
    for (const { group, tp } of replicas) byGroup.set(group, tp);
  const sizes = [...byGroup.values()];
  return sizes.every((tp) => tp === sizes[0]) ? `${sizes[0]}` : sizes.join('/');
}

/** Layers of each chunk of the first pipeline, in layer order. */
export function chunkLayers({ pipelines, schedule }: Plan): number[] {
  const { stages } = pipelines[0]!;
  const chunks = stages.flatMap((stage) => stage.chunks).sort((a, b) => a.first - b.first || a.end - b.end);
  const models = modelsIn(scheduleOf(schedule));
  return chunks.filter((_, i) => i % models === 0).map(({ first, end }) => end - first);
}

/** Layers of each chunk in layer order; left out where all chunks are alike and several to a stage. */
function layersText(plan: Plan): string {
  const { pipelines, dims } = plan;
  if (pipelines[0]!.stages.length === 1 && dims.vpp === 1) return '';
  const counts = chunkLayers(plan);
  const alike = counts.every((count) => count === counts[0]);
  return dims.vpp > 1 && alike ? '' : `layers=${counts.join('/')}`;
}

/** Named where stages do not take all groups, whole, in the cluster's own order. */
function groupsText({ cluster: { groups } }: Problem, { pipelines, dims }: Plan): string {
  if (groups.length === 1) return '';
  const used = new Map<number, number>();
  for (const { replicas } of pipelines[0]!.stages) {
    for (const { group, count, tp } of replicas)
      used.set(group, (used.get(group) ?? 0) + count * tp * dims.cp);
  }
  const shares = [...used].map(([index, gpus]) => {
    const group = groups[index]!;
    const whole = gpus === group.nodes * group.gpusPerNode;
    return { index, text: whole ? group.id : `${group.id}:${gpus}`, whole };
  });
  const usual =
    shares.length === groups.length && shares.every(({ index, whole }, i) => index === i && whole);
  return usual ? '' : `groups=${shares.map(({ text }) => text).join('/')}`;
}
