import { vendorsOf } from '../domain/cluster.ts';
import { groupsOf, microBatchSizeIn, type Plan, replicasOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { FRAMEWORKS } from '../frameworks/index.ts';
import type { Capabilities, Framework } from '../frameworks/port/framework.ts';

type Has = (plan: Plan, problem: Problem) => boolean;

const stagesOf = ({ pipelines }: Plan) => pipelines.flatMap(({ stages }) => stages);
const blocksOf = (plan: Plan) => stagesOf(plan).flatMap(({ replicas }) => replicas);
const several = (values: readonly unknown[]) => new Set(values).size > 1;

/** What a plan may do that not every launcher runs, the most telling first, and the capability it takes. */
const FREEDOMS: readonly (readonly [words: string, capability: keyof Capabilities, has: Has])[] = [
  ['different TP per stage', 'tensorParallelPerStage', (plan) => several(blocksOf(plan).map(({ tp }) => tp))],
  [
    'different DP per stage',
    'unequalMicroBatchSizes',
    ({ pipelines }) => pipelines.some(({ stages }) => several(stages.map(replicasOf))),
  ],
  [
    'unequal micro-batches',
    'unequalMicroBatches',
    (plan) => several(blocksOf(plan).map(({ microBatches }) => microBatches)),
  ],
  [
    'micro-batches by GPU',
    'ownMicroBatchSizes',
    (plan) =>
      stagesOf(plan).some((stage) => several(stage.replicas.map((block) => microBatchSizeIn(stage, block)))),
  ],
  [
    'unequal shares of states',
    'unequalStateShares',
    (plan) => several(blocksOf(plan).map(({ stateParts = 1 }) => stateParts)),
  ],
  ['unlike pipelines', 'severalPipelines', ({ pipelines }) => pipelines.length > 1],
  ['GPUs of two vendors', 'mixedVendors', (plan, { cluster }) => vendorsOf(cluster, groupsOf(plan)).size > 1],
  ['several stages', 'pipeline', (plan) => plan.pipelines.some(({ stages }) => stages.length > 1)],
  ['tensor parallelism', 'tensorParallel', (plan) => blocksOf(plan).some(({ tp }) => tp > 1)],
];

/** What a plan has and a launcher lacks, in words; `launcher` null: not every framework has it. */
export function freedomsOf(problem: Problem, plan: Plan, launcher: Framework | null): string[] {
  const lacking = (capability: keyof Capabilities) =>
    launcher === null
      ? FRAMEWORKS.some(({ capabilities }) => !capabilities[capability])
      : !launcher.capabilities[capability];
  return FREEDOMS.filter(([, capability, has]) => lacking(capability) && has(plan, problem)).map(
    ([words]) => words,
  );
}

/**
 * The framework that comes closest to a plan which none runs: the one whose rules it passes furthest, of those the one that
 * lacks least of what the plan has.
 */
export function closestFramework(problem: Problem, plan: Plan): Framework {
  const closeness = FRAMEWORKS.map((framework) => ({
    framework,
    passed: framework.passes?.(problem, plan) ?? 0,
    lacks: freedomsOf(problem, plan, framework).length,
  }));
  return closeness.reduce((best, one) =>
    one.passed > best.passed || (one.passed === best.passed && one.lacks < best.lacks) ? one : best,
  ).framework;
}
