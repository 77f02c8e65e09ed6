/** `npm run bench [-- --json]`: how fast the search is on problems of several sizes, in one run. */
import { loadCluster } from '../src/catalogue/clusters.ts';
import { loadModel } from '../src/catalogue/models.ts';
import { loadStack } from '../src/catalogue/stacks.ts';
import { deviceCount } from '../src/domain/cluster.ts';
import { search } from '../src/search/search.ts';

const PROBLEMS = [
  ['llama-3.1-8b', 'dgx-h100-8', 8192, 64],
  ['llama-3.1-70b', 'mixed-32xh100-32xa100-40gb', 8192, 512],
  ['llama-3.1-70b', 'four-types-1024', 8192, 1024],
  ['gpt3-175b', 'dgx-a100-4096', 2048, 1536],
  ['llama-3.1-405b', 'dgx-h100-16384', 8192, 2048],
  ['deepseek-v3', 'h800-2048', 4096, 15360],
] as const;

const lines = PROBLEMS.map(([model, cluster, sequenceLength, globalBatchSize]) => {
  const problem = {
    model: loadModel(model).value,
    cluster: loadCluster(cluster).value,
    stack: loadStack('megatron-core'),
    workload: { sequenceLength, globalBatchSize, precision: 'bf16' as const, headroom: 0.08 },
  };
  const started = performance.now();
  const { certificate } = search(problem);
  const seconds = (performance.now() - started) / 1000;
  return {
    model,
    cluster,
    gpus: deviceCount(problem.cluster),
    configurations: certificate.space,
    costed: certificate.evaluated,
    seconds: Number(seconds.toFixed(2)),
    configurationsPerSecond: Math.round(certificate.space / seconds),
    optimal: certificate.optimal,
    residentMegabytes: Math.round(process.memoryUsage().rss / 1e6),
  };
});
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(lines)}\n`);
else console.table(lines);
