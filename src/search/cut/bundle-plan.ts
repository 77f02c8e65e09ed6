import type { Pipeline, Plan, ReplicaBlock, Stage } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { outerOf } from '../../techniques/index.ts';
import { sequenceParallel } from '../../techniques/sequence-parallel.ts';
import type { BundleCuts, CutChain } from './cut-bundle.ts';
import { planFrom } from './plan-from.ts';

/** One pipeline for each class; classes of the same depth and cut are replicas of one pipeline, unless they train apart. */
export function bundlePlan(
  problem: Problem,
  chosen: readonly CutChain[],
  { cuts, shares }: BundleCuts,
): Plan {
  const plans = chosen.map(({ candidate }, i) =>
    planFrom(problem, candidate, cuts[i]!.cut.layersPerStage, shares.perReplica[i]! * candidate.layout.dp),
  );
  const asOne = outerOf(plans[0]!.techniques) === null;
  const pipelines: Pipeline[] = [];
  for (const plan of plans) {
    const [one] = plan.pipelines as [Pipeline];
    const twin = pipelines.findIndex(
      (other) => asOne && sameCut(other.stages, one.stages) && apart(other, one),
    );
    if (twin < 0) pipelines.push(one);
    else pipelines[twin] = merged(pipelines[twin]!, one);
  }
  return withoutIdleSwitch({ ...plans[0]!, pipelines: placed(problem, plans[0]!, pipelines) });
}

/** Each group's GPUs serve in the order in which pipelines and their stages stand. */
function placed({ cluster }: Problem, { dims }: Plan, pipelines: readonly Pipeline[]): Pipeline[] {
  const next = cluster.groups.map(({ firstDevice }) => firstDevice);
  const place = (block: ReplicaBlock): ReplicaBlock => {
    const firstDevice = next[block.group]!;
    next[block.group] = firstDevice + block.count * block.tp * dims.cp;
    return { ...block, firstDevice };
  };
  return pipelines.map(({ stages, microBatches }) => ({
    stages: stages.map((stage) => ({ ...stage, replicas: stage.replicas.map(place) })),
    microBatches,
  }));
}

/** Choices are made as for tensor parallelism, under which sequence parallelism is usual; with none it is off. */
function withoutIdleSwitch(plan: Plan): Plan {
  const blocks = plan.pipelines.flatMap(({ stages }) => stages.flatMap(({ replicas }) => replicas));
  const idle = blocks.every(({ tp }) => tp === 1);
  return idle ? { ...plan, techniques: sequenceParallel.set(plan.techniques, false) } : plan;
}

function sameCut(a: readonly Stage[], b: readonly Stage[]): boolean {
  return (
    a.length === b.length &&
    a.every((stage, i) => JSON.stringify(stage.chunks) === JSON.stringify(b[i]!.chunks))
  );
}

/** The stages of a class stand on consecutive GPUs of a group: two classes that share one stay two pipelines. */
function apart(a: Pipeline, b: Pipeline): boolean {
  const groups = ({ stages }: Pipeline) =>
    stages.flatMap(({ replicas }) => replicas.map(({ group }) => group));
  return !groups(a).some((group) => groups(b).includes(group));
}

function merged(a: Pipeline, b: Pipeline): Pipeline {
  return {
    microBatches: a.microBatches + b.microBatches,
    stages: a.stages.map((stage, i) => ({
      ...stage,
      replicas: [...stage.replicas, ...b.stages[i]!.replicas],
    })),
  };
}
