import { clusterFromText, loadCluster } from '../../src/catalogue/clusters.ts';
import { loadModel } from '../../src/catalogue/models.ts';
import { loadStack } from '../../src/catalogue/stacks.ts';
import { deviceCount } from '../../src/domain/cluster.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { search } from '../../src/search/search.ts';
import { baselines } from './baselines.ts';
import { bruteForce } from './brute-force.ts';

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

const H100 = 'gpu: h100-sxm, intraNode: nvlink4, nic: { link: ib-ndr400, perNode: 2 }';
const A100 = 'gpu: a100-80-sxm, intraNode: nvlink3, nic: { link: ib-hdr200, perNode: 2 }';
const L40S = 'gpu: l40s, intraNode: pcie4-x16-nop2p, nic: { link: ib-hdr200, perNode: 2 }';

/** Few GPUs, few layers: pipelines side by side at most, model, layers, batch, and groups as [nodes, GPUs of each, what they are]. */
const SMALL = [
  [3, 'llama-3.2-1b', 4, 32, [1, 2, H100], [1, 2, A100], [1, 2, L40S]],
  [3, 'llama-3.1-8b', 5, 32, [1, 2, A100], [1, 2, L40S]],
  [2, 'llama-3.1-8b', 4, 32, [1, 2, H100], [1, 2, A100], [1, 4, L40S]],
  [1, 'llama-3.1-8b', 4, 64, [1, 4, H100], [1, 4, A100], [1, 8, L40S]],
  [1, 'llama-3.1-8b', 4, 64, [1, 4, L40S], [2, 2, A100], [2, 4, A100]],
] as const;

/** Our plan over the best of all shapes on small clusters: 1 where none is faster. Without recomputation, which both leave out. */
export function exhaustedLines(): Record<string, string | number>[] {
  return SMALL.map(([pipelines, model, layers, globalBatchSize, ...groups]) => {
    const whole = loadModel(model).value;
    const lines = groups.map(
      ([nodes, gpus, kind], i) => `  - { id: g${i}, nodes: ${nodes}, gpusPerNode: ${gpus}, ${kind} }`,
    );
    const problem: Problem = {
      model: { ...whole, layers: whole.layers.slice(0, layers) },
      cluster: clusterFromText(`schema: shardwright.cluster/1\ngroups:\n${lines.join('\n')}\n`, 'small.yaml'),
      stack: loadStack('generic'),
      workload: {
        sequenceLength: 2048,
        globalBatchSize,
        precision: 'bf16',
        optimizer: 'adamw',
        headroom: 0.08,
      },
    };
    const result = search(problem, { top: 1, fix: parseConfiguration('recompute=none') });
    const [best] = result.plans;
    const ours = best!.estimate.stepSeconds;
    const { seconds, costed } = bruteForce(problem, ours, pipelines);
    return {
      problem: `${layers} layers of ${model}, ${groups.map(([n, gpus, kind]) => `${n * gpus} ${kind.slice(5, 9)}`).join(' + ')}`,
      gpus: deviceCount(problem.cluster),
      pipelines,
      family: best!.family,
      step: Number(ours.toPrecision(4)),
      costed,
      'ours / brute force': Number((ours / (seconds ?? ours)).toFixed(4)),
    };
  });
}
