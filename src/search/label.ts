import type { Cluster } from '../domain/cluster.ts';
import type { Pipeline, Plan } from '../domain/plan.ts';
import { dataParallelOf, devicesOf, replicasOf } from '../domain/plan.ts';
import type { Candidate } from './realise.ts';

/** The degrees of a plan; tensor parallelism of the first stage stands for all. */
export function degreesOf(plan: Plan): {
  tp: number;
  cp: number;
  pp: number;
  dp: number;
  ep: number;
  etp: number;
  vpp: number;
} {
  const pipeline = plan.pipelines[0]!;
  return {
    tp: pipeline.stages[0]!.replicas[0]!.tensorParallel,
    cp: plan.contextParallel,
    pp: pipeline.stages.length,
    dp: dataParallelOf(plan),
    ep: plan.expertParallel,
    etp: plan.expertTensorParallel,
    vpp: plan.schedule.virtualStages,
  };
}

/**
 * `64 = 8 TP × 4 PP × 2 DP`: factors of one are left out. Stages of unlike tensor parallelism are summed: `(8·2 + 4·4) TP`;
 * unlike pipelines are added up: `48 = 32 DP + 2 PP × 8 DP`.
 */
export function arithmetic(plan: Plan): string {
  return `${devicesOf(plan)} = ${plan.pipelines.map((pipeline) => factors(pipeline, plan.contextParallel)).join(' + ')}`;
}

function factors({ stages }: Pipeline, cp: number): string {
  const first = stages[0]!;
  if (first.replicas.some((block) => block.tensorParallel !== first.replicas[0]!.tensorParallel)) {
    const blocks = first.replicas.map(({ tensorParallel, count }) => `${tensorParallel} TP × ${count} DP`);
    return [
      `(${blocks.join(' + ')})`,
      ...named([
        [cp, 'CP'],
        [stages.length, 'PP'],
      ]),
    ].join(' × ');
  }
  const dp = replicasOf(first);
  const degrees = stages.map((stage) => stage.replicas[0]!.tensorParallel);
  if (degrees.every((tp) => tp === degrees[0])) {
    const all = named([
      [degrees[0]!, 'TP'],
      [cp, 'CP'],
      [stages.length, 'PP'],
      [dp, 'DP'],
    ]);
    return all.length > 0 ? all.join(' × ') : '1';
  }
  const runs: { tp: number; n: number }[] = [];
  for (const tp of degrees) {
    const last = runs.at(-1);
    if (last?.tp === tp) last.n += 1;
    else runs.push({ tp, n: 1 });
  }
  const sum = runs.map(({ tp, n }) => (n > 1 ? `${tp}·${n}` : `${tp}`)).join(' + ');
  return [
    `(${sum}) TP·PP`,
    ...named([
      [cp, 'CP'],
      [dp, 'DP'],
    ]),
  ].join(' × ');
}

function named(degrees: readonly (readonly [number, string])[]): string[] {
  return degrees.filter(([n]) => n > 1).map(([n, name]) => `${n} ${name}`);
}

/** A candidate as it would be typed after --config. */
export function configurationText({ layout, switches }: Candidate): string {
  const { tp, pp, dp, cp, ep, etp } = layout;
  const expert = ep > 1 || etp > 1 ? `,ep=${ep},etp=${etp}` : '';
  return `tp=${tp},pp=${pp},dp=${dp},cp=${cp}${expert},vpp=${switches.virtualStages},micro-batch=${switches.microBatch},recompute=${switches.recompute.mode},sharding=${switches.sharding}`;
}

/**
 * A plan as it would be typed after --config: nothing is left to be inferred. Pipelines that differ and stages of unlike
 * tensor parallelism have no such text; theirs names the first stage.
 */
export function planText(plan: Plan, cluster: Cluster): string {
  const { tp, pp, dp, cp, ep, etp, vpp } = degreesOf(plan);
  const parts = [
    `tp=${tp},pp=${pp},dp=${dp},cp=${cp}`,
    ep > 1 || etp > 1 ? `ep=${ep},etp=${etp}` : '',
    `vpp=${vpp},micro-batch=${plan.microBatchSize}`,
    `recompute=${recomputeText(plan)},sharding=${plan.optimizerSharding}`,
    plan.shardGroup === null ? '' : `shard-groups=${(dp * cp) / plan.shardGroup}`,
    plan.sequenceParallel === tp > 1 ? '' : `sp=${plan.sequenceParallel}`,
    scheduleText(plan),
    layersText(plan),
    groupsText(plan, cluster),
  ];
  return parts.filter((part) => part !== '').join(',');
}

function recomputeText({ recompute: { mode, modules, layersPerStage } }: Plan): string {
  if (mode === 'selective') return modules.join('+');
  return layersPerStage === null ? mode : `${mode},recompute-layers=${layersPerStage}`;
}

/** Left out where it is what the depth implies. */
function scheduleText({ schedule: { id, virtualStages, vocabulary } }: Plan): string {
  const usual = id === (virtualStages > 1 ? 'interleaved-1f1b' : '1f1b');
  return [
    ...(usual ? [] : [`schedule=${id}`]),
    ...(vocabulary === undefined ? [] : [`vocabulary=${vocabulary}`]),
  ].join(',');
}

/** Layers of each chunk in layer order; left out where all chunks are alike and several to a stage. */
function layersText({ pipelines, schedule }: Plan): string {
  const { stages } = pipelines[0]!;
  if (stages.length === 1 && schedule.virtualStages === 1) return '';
  const chunks = stages.flatMap((stage) => stage.chunks).sort((a, b) => a.first - b.first || a.end - b.end);
  const counts = chunks.map(({ first, end }) => end - first);
  const alike = counts.every((count) => count === counts[0]);
  return schedule.virtualStages > 1 && alike ? '' : `layers=${counts.join('/')}`;
}

/** Named where stages do not take all groups, whole, in the cluster's own order. */
function groupsText({ pipelines, contextParallel }: Plan, { groups }: Cluster): string {
  if (groups.length === 1 || pipelines.length > 1) return '';
  const used = new Map<number, number>();
  for (const { replicas } of pipelines[0]!.stages) {
    for (const block of replicas) {
      const gpus = block.count * block.tensorParallel * contextParallel;
      used.set(block.group, (used.get(block.group) ?? 0) + gpus);
    }
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
