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

/** Any plan as it would be typed after --config, layers included. */
export function planText(plan: Plan): string {
  const { tp, pp, dp, cp, ep, etp, vpp } = degreesOf(plan);
  const expert = ep > 1 || etp > 1 ? `,ep=${ep},etp=${etp}` : '';
  const layers = plan.pipelines[0]!.stages.map((stage) =>
    stage.chunks.reduce((n, c) => n + c.end - c.first, 0),
  );
  const cut = vpp === 1 && pp > 1 ? `,layers=${layers.join('/')}` : '';
  return `tp=${tp},pp=${pp},dp=${dp},cp=${cp}${expert},vpp=${vpp},micro-batch=${plan.microBatchSize},recompute=${recomputeText(plan)},sharding=${plan.optimizerSharding}${scheduleText(plan)}${cut}`;
}

function recomputeText({ recompute: { mode, modules, layersPerStage } }: Plan): string {
  if (mode === 'selective') return modules.join('+');
  return layersPerStage === null ? mode : `${mode},recompute-layers=${layersPerStage}`;
}

/** Left out where it is what the depth implies. */
function scheduleText({ schedule: { id, virtualStages, vocabulary } }: Plan): string {
  const usual = id === (virtualStages > 1 ? 'interleaved-1f1b' : '1f1b');
  return `${usual ? '' : `,schedule=${id}`}${vocabulary === undefined ? '' : `,vocabulary=${vocabulary}`}`;
}
