import { loadCluster } from '../../../src/catalogue/clusters.ts';
import { loadModel } from '../../../src/catalogue/models.ts';
import { loadStack } from '../../../src/catalogue/stacks.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';

export function problemOf(model: string, cluster: string, stack = 'megatron-core'): Problem {
  return {
    model: loadModel(model).value,
    cluster: loadCluster(cluster).value,
    workload: {
      sequenceLength: 8192,
      globalBatchSize: 512,
      precision: 'bf16',
      optimizer: 'adamw',
      headroom: 0.08,
    },
    stack: loadStack(stack),
  };
}

export function planned(problem: Problem, configuration: string): Plan {
  const outcome = planOf(problem, parseConfiguration(configuration));
  if ('rule' in outcome) throw new Error(`${configuration}: ${outcome.rule}, ${outcome.actual}`);
  return outcome.plan;
}

export const DENSE = problemOf('llama-3.1-70b', 'dgx-h100-64');
export const MIXED = problemOf('llama-3.1-70b', 'mixed-32xh100-32xa100-40gb');
export const ORIGIN = {
  origin: 'shardwright test, plan.json#1',
  inputs: { model: 'a model', cluster: 'b.yaml' },
};

/** The words after a flag, up to the next flag. */
export function valuesOf(argumentLines: string, flag: string): string[] {
  const words = argumentLines.trimEnd().split('\n');
  const at = words.indexOf(flag);
  if (at < 0) return [];
  const end = words.findIndex((word, i) => i > at && word.startsWith('--'));
  return words.slice(at + 1, end < 0 ? undefined : end);
}

/** The same GPUs as two pipelines, each with half of the copies of every stage. */
export function inTwo(plan: Plan): Plan {
  const [{ stages, microBatches }] = plan.pipelines as [Plan['pipelines'][number]];
  const half = (which: 0 | 1) => ({
    microBatches: microBatches / 2,
    stages: stages.map((stage) => {
      const [block] = stage.replicas as [(typeof stage.replicas)[number]];
      const count = block.count / 2;
      const firstDevice = block.firstDevice + which * count * block.tp * plan.dims.cp;
      return { ...stage, replicas: [{ ...block, count, firstDevice }] };
    }),
  });
  return { ...plan, pipelines: [half(0), half(1)] };
}
