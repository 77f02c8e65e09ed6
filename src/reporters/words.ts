import type { Estimate, StageEstimate, Staleness } from '../domain/estimate.ts';
import {
  layersOf,
  microBatchSizeIn,
  type Plan,
  type ReplicaBlock,
  type Stage,
  stateShareOf,
} from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { toldTechniques } from '../plan-text/told.ts';
import { formatBytes, formatInteger, formatPercent, formatSeconds } from '../units/format.ts';
import { GiB } from '../units/quantity.ts';

/** `10 11 29 30`, runs of equal counts folded: `12×2 28×2`. */
export function layersWords(plan: Plan): string {
  return plan.pipelines
    .map((pipeline) => {
      const runs: [number, number][] = [];
      for (const stage of pipeline.stages) {
        const layers = layersOf(stage);
        const last = runs.at(-1);
        if (last !== undefined && last[0] === layers) last[1] += 1;
        else runs.push([layers, 1]);
      }
      return runs.map(([layers, times]) => (times > 1 ? `${layers}×${times}` : `${layers}`)).join(' ');
    })
    .join(' | ');
}

/** Micro-batches a step of each copy, pipeline by pipeline: `52 for each of 4 copies, 51 for each of 16 copies`; null where all take as many. */
export function sharesWords({ pipelines }: Plan): string | null {
  const shares = pipelines.map(({ stages }) =>
    stages[0]!.replicas.map(({ count, microBatches }) => ({ count, microBatches })),
  );
  if (new Set(shares.flat().map(({ microBatches }) => microBatches)).size <= 1) return null;
  const words = shares.map((blocks) =>
    blocks
      .map(
        ({ count, microBatches }) =>
          `${microBatches} for ${count === 1 ? 'one copy' : `each of ${count} copies`}`,
      )
      .join(', '),
  );
  return words.join(' | ');
}

/** Sequences of a micro-batch: `2`, or those of each stage and of unlike copies where they differ, `3/2`. */
export function microBatchWords({ pipelines }: Plan): string {
  const sizes = pipelines.flatMap(({ stages }) =>
    stages.flatMap((stage) => stage.replicas.map((block) => microBatchSizeIn(stage, block))),
  );
  return [...new Set(sizes)].join('/');
}

/**
 * What copies of one stage do unlike each other, on which GPUs: sequences of their micro-batches, and the share of the
 * sharded states that each keeps. Empty where they are alike.
 */
export function unlikeCopiesWords({ cluster }: Problem, { pipelines }: Plan): string[] {
  const [stage] = pipelines[0]!.stages as readonly [Stage];
  const told = (title: string, of: (block: ReplicaBlock) => string) => {
    const each = stage.replicas.map((block) => `${of(block)} on ${cluster.groups[block.group]!.gpu.id}`);
    return `${title}: ${[...new Set(each)].join(', ')}.`;
  };
  const sizes = new Set(stage.replicas.map((block) => microBatchSizeIn(stage, block)));
  const shared = stage.replicas.some((block) => stateShareOf(stage, block) !== null);
  return [
    ...(sizes.size > 1
      ? [told('Sequences of a micro-batch of plan 1', (block) => `${microBatchSizeIn(stage, block)}`)]
      : []),
    ...(shared
      ? [
          told('Sharded states of plan 1, kept by each GPU', (block) =>
            formatPercent(stateShareOf(stage, block)!),
          ),
        ]
      : []),
  ];
}

/** The stage that comes nearest to its limit, or lies furthest beyond. */
export function fullest(stages: Estimate['stages']): StageEstimate {
  return stages.reduce((a, b) =>
    b.memory.deviceBytes / b.memory.limitBytes > a.memory.deviceBytes / a.memory.limitBytes ? b : a,
  );
}

/** Highest peak on each GPU type against its limit: `h100-sxm 74.2/75.1`. */
export function memoryWords(problem: Problem, { stages, hosts }: Estimate): string[] {
  const byType = new Map<string, { peak: number; limit: number }>();
  for (const { group, memory } of stages) {
    const type = problem.cluster.groups[group]!.gpu.id;
    const known = byType.get(type);
    if (known === undefined || memory.deviceBytes / memory.limitBytes > known.peak / known.limit) {
      byType.set(type, { peak: memory.deviceBytes, limit: memory.limitBytes });
    }
  }
  return [
    ...[...byType].map(
      ([type, { peak, limit }]) => `${type} ${(peak / GiB).toFixed(1)}/${(limit / GiB).toFixed(1)}`,
    ),
    ...hosts.map(
      ({ device, bytes, limitBytes }) =>
        `${device} ${(bytes / GiB).toFixed(0)}/${(limitBytes / GiB).toFixed(0)}`,
    ),
  ];
}

/** Which weights gradients are taken of, where not of those that they change. */
export function stalenessWords(staleness: Staleness | null): string[] {
  if (staleness === null) return [];
  const { updates, weightVersions, sameWeights } = staleness;
  const old = `${updates} update${updates === 1 ? '' : 's'}`;
  const kept = weightVersions === 1 ? 'one version of them is kept' : `${weightVersions} versions are kept`;
  return [
    sameWeights
      ? `Stale weights: each gradient is taken of weights ${old} old; ${kept}.`
      : `Stale weights: a micro-batch goes back through weights up to ${old} newer than it came through; ${kept}.`,
  ];
}

/** What islands that train apart wait for, and what each brings. */
export function islandsWords({ cluster, model }: Problem, { islands: apart }: Estimate): string[] {
  if (apart === null) return [];
  const { steps, syncSeconds, syncBytes, utilisation, islands } = apart;
  const each = islands.map(({ groups, devices, sequences, gain }) => {
    const names = groups.map((index) => cluster.groups[index]!.id).join(' and ');
    return `${names} (${devices} GPUs, ${sequences} sequences a step) ${gain.toFixed(2)}×`;
  });
  return [
    `Islands: each sends ${formatBytes(syncBytes)} every ${steps} steps, ${formatSeconds(syncSeconds)} on the way; none waits ${formatPercent(utilisation)} of the time.`,
    `${model.unit === undefined ? 'Tokens' : 'Samples'}/s with an island over those of the others without it: ${each.join(', ')}.`,
  ];
}

export function scheduleWords({ schedule, dims }: Plan): string {
  return dims.vpp > 1 ? `${schedule} ×${dims.vpp}` : schedule;
}

/** `recompute full, sharding optimizer`. */
export function techniqueWords(problem: Problem, plan: Plan): string {
  return toldTechniques(problem, plan)
    .map(({ name, words }) => `${name} ${words}`)
    .join(', ');
}

export function clip(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Of more groups than this the GPUs of a type are added up. */
const MOST_GROUPS_TOLD = 8;

/** `32 × h100-sxm` for each of a few groups; for each type of many. */
export function gpuCountWords(groups: readonly { readonly gpus: number; readonly type: string }[]): string[] {
  if (groups.length <= MOST_GROUPS_TOLD) return groups.map(({ gpus, type }) => `${gpus} × ${type}`);
  const types = [...new Set(groups.map(({ type }) => type))];
  return types.map((type) => {
    const some = groups.filter((one) => one.type === type);
    const all = some.reduce((sum, { gpus }) => sum + gpus, 0);
    return `${formatInteger(all)} × ${type}${some.length > 1 ? ` in ${some.length} groups` : ''}`;
  });
}
