import type { ParallelDims } from '../domain/parallel-dims.ts';
import {
  dataParallelOf,
  devicesOf,
  dimsOf,
  type Pipeline,
  type Plan,
  replicasOf,
  type Stage,
} from '../domain/plan.ts';
import { zero } from '../techniques/zero.ts';

/** The degrees of a plan; tensor parallelism of the first stage stands for all. Without sharding every copy is a replica. */
export function degreesOf(plan: Plan): ParallelDims & { readonly dp: number } {
  const { cp, ep, etp, vpp } = plan.dims;
  const { stages } = plan.pipelines[0]!;
  const dp = dataParallelOf(plan);
  const dpReplicate = zero.of(plan.techniques) === 0 ? dp : plan.dims.dpReplicate;
  const { tp } = stages[0]!.replicas[0]!;
  return { tp, cp, pp: stages.length, dp, dpReplicate, dpShard: dp / dpReplicate, ep, etp, vpp };
}

/** The degrees of the first stage of a plan, with the largest tensor-parallel size of any: what values of techniques go by. */
export function widestOf(plan: Plan): ParallelDims {
  const { stages } = plan.pipelines[0]!;
  const blocks = plan.pipelines.flatMap((one) => one.stages.flatMap(({ replicas }) => replicas));
  const tp = Math.max(...blocks.map((block) => block.tp));
  return { ...dimsOf(plan, stages.length, stages[0]!, stages[0]!.replicas[0]!), tp };
}

/**
 * `64 = 8 TP × 4 PP × 2 DP`: factors of one are left out. Stages of unlike tensor parallelism are summed: `(8·2 + 4·4) TP·PP`;
 * those with unlike numbers of copies too: `(2·2·16 + 1·1·8) TP·PP·DP`; unlike pipelines are added up: `48 = 32 DP + 2 PP × 8 DP`.
 */
export function arithmetic(plan: Plan): string {
  return `${devicesOf(plan)} = ${plan.pipelines.map((pipeline) => factors(pipeline, plan.dims.cp)).join(' + ')}`;
}

function factors({ stages }: Pipeline, cp: number): string {
  const first = stages[0]!;
  if (first.replicas.some((block) => block.tp !== first.replicas[0]!.tp)) {
    const blocks = first.replicas.map(({ tp, count }) => `${tp} TP × ${count} DP`);
    return [
      `(${blocks.join(' + ')})`,
      ...named([
        [cp, 'CP'],
        [stages.length, 'PP'],
      ]),
    ].join(' × ');
  }
  const dp = replicasOf(first);
  if (stages.some((stage) => replicasOf(stage) !== dp)) return unlikeCopies(stages, cp);
  const degrees = stages.map((stage) => stage.replicas[0]!.tp);
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

function unlikeCopies(stages: readonly Stage[], cp: number): string {
  const runs: { tp: number; dp: number; n: number }[] = [];
  for (const stage of stages) {
    const [tp, dp] = [stage.replicas[0]!.tp, replicasOf(stage)];
    const last = runs.at(-1);
    if (last?.tp === tp && last.dp === dp) last.n += 1;
    else runs.push({ tp, dp, n: 1 });
  }
  const sum = runs.map(({ tp, dp, n }) => `${tp}·${n}·${dp}`).join(' + ');
  return [`(${sum}) TP·PP·DP`, ...named([[cp, 'CP']])].join(' × ');
}

function named(degrees: readonly (readonly [number, string])[]): string[] {
  return degrees.filter(([n]) => n > 1).map(([n, name]) => `${n} ${name}`);
}
