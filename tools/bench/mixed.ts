import { loadCluster } from '../../src/catalogue/clusters.ts';
import { loadModel } from '../../src/catalogue/models.ts';
import { loadStack } from '../../src/catalogue/stacks.ts';
import { search } from '../../src/search/search.ts';
import { baselines } from './baselines.ts';

const PROBLEMS = [
  ['llama-3.1-70b', 'mixed-32xh100-32xa100-40gb', 8192, 512],
  ['llama-3.1-70b', 'mixed-64xh100-64xa100', 8192, 512],
  ['llama-3.1-70b', 'h100-plus-mi300x', 4096, 256],
  ['llama-3.1-8b', 'mixed-consumer-datacentre', 4096, 256],
  ['llama-3.1-8b', 'mixed-4090-3090', 4096, 256],
  ['llama-3.1-8b', 'two-regions', 4096, 256],
  ['llama-3.1-8b', 'two-regions', 4096, 4096],
] as const;

/** Each simpler way over the plan that the search chose: 1.30 means the chosen plan takes 1/1.30 of its time. */
export function mixedLines(): Record<string, string | number>[] {
  return PROBLEMS.map(([model, cluster, sequenceLength, globalBatchSize]) => {
    const problem = {
      model: loadModel(model).value,
      cluster: loadCluster(cluster).value,
      stack: loadStack('megatron-core'),
      workload: {
        sequenceLength,
        globalBatchSize,
        precision: 'bf16' as const,
        optimizer: 'adamw',
        headroom: 0.08,
      },
    };
    const result = search(problem);
    const best = result.plans[0]!.estimate.stepSeconds;
    const ratios = Object.entries(baselines(problem, result)).map(([name, seconds]) => [
      name,
      seconds === null ? 'none fits' : Number((seconds / best).toFixed(3)),
    ]);
    return {
      problem: `${model} on ${cluster}, batch ${globalBatchSize}`,
      family: result.plans[0]!.family,
      step: Number(best.toPrecision(4)),
      ...Object.fromEntries(ratios),
    };
  });
}
