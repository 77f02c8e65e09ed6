import type { Cluster } from '../../domain/cluster.ts';
import { layersOf, type Plan, replicasOf, type Stage } from '../../domain/plan.ts';

/** Consecutive stages alike, which FlagScale calls a process mesh. */
export interface Mesh {
  /** Of its hosts, in hostfile and `hetero_device_types`. */
  readonly type: string;
  readonly tp: number;
  readonly dp: number;
  readonly pp: number;
}

/** The meshes of a plan whose stages each lie in one node group. */
export function meshesOf(cluster: Cluster, plan: Plan): Mesh[] {
  const { stages } = plan.pipelines[0]!;
  const types = typesOf(cluster, stages);
  const meshes: Mesh[] = [];
  for (const [i, stage] of stages.entries()) {
    const one = { type: types[i]!, tp: stage.replicas[0]!.tp, dp: replicasOf(stage), pp: 1 };
    const last = meshes.at(-1);
    const joins = last?.type === one.type && last.tp === one.tp && last.dp === one.dp;
    if (joins) meshes[meshes.length - 1] = { ...last, pp: last.pp + 1 };
    else meshes.push(one);
  }
  return meshes;
}

/**
 * A name for the hosts of each stage. Ranks are sorted by the first place of their type (`list.index`), so A, B, A would
 * become A, A, B: a group that serves two stretches of the pipeline has two names.
 */
export function typesOf({ groups }: Cluster, stages: readonly Stage[]): string[] {
  const groupAt = stages.map(({ replicas }) => replicas[0]!.group);
  const starts = groupAt.map((group, i) => group !== groupAt[i - 1]);
  return groupAt.map((group, i) => {
    const { id } = groups[group]!;
    const upTo = (end: number) => groupAt.slice(0, end).filter((g, at) => g === group && starts[at]).length;
    return upTo(stages.length) === 1 ? id : `${id}_${upTo(i + 1)}`;
  });
}

/** `hetero_process_meshes`: tensor, context, expert, data and pipeline parallelism of each mesh. */
export function meshNumbers(meshes: readonly Mesh[], ep: number): number[] {
  return meshes.flatMap(({ tp, dp, pp }) => [tp, 1, ep, dp, pp]);
}

/** `hetero_pipeline_layer_split`: layers of each stage. */
export function layerSplit({ pipelines }: Plan): number[] {
  return pipelines[0]!.stages.map(layersOf);
}
