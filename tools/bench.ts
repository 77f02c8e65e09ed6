/**
 * `npm run bench [-- --json] [-- --only search|growth|mixed|exhausted|placement|processes]`: how fast the search is, how it
 * grows, what it wins over simpler ways on mixed clusters and, with them, what it leaves to the best of all shapes of small
 * ones, what node placement wins, and how long whole commands take (beside another build's, where SHARDWRIGHT_BENCH_BASE names
 * its folder); in one run.
 */
import { loadCluster } from '../src/catalogue/clusters.ts';
import { loadModel } from '../src/catalogue/models.ts';
import { loadStack } from '../src/catalogue/stacks.ts';
import { deviceCount } from '../src/domain/cluster.ts';
import { search } from '../src/search/search.ts';
import { exhaustedLines, mixedLines } from './bench/mixed.ts';
import { placementLines } from './bench/placement.ts';
import { processLines } from './bench/processes.ts';

const PROBLEMS = [
  ['llama-3.1-8b', 'dgx-h100-8', 8192, 64],
  ['llama-3.1-70b', 'mixed-32xh100-32xa100-40gb', 8192, 512],
  ['llama-3.1-70b', 'four-types-1024', 8192, 1024],
  ['gpt3-175b', 'dgx-a100-4096', 2048, 1536],
  ['llama-3.1-405b', 'dgx-h100-16384', 8192, 2048],
  ['deepseek-v3', 'h800-2048', 4096, 15360],
] as const;

function searchLines() {
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
}

/** One model on ever more of the same node: time grows with the layouts, not with the GPUs. */
function growthLines() {
  const { value } = loadCluster('dgx-h100-64');
  const [group] = value.groups;
  return [1, 8, 64, 512, 4096, 12_500].map((nodes) => {
    const hosts = Array.from({ length: nodes }, (_, i) => `n${i}`);
    const problem = {
      model: loadModel('llama-3.1-70b').value,
      cluster: { ...value, groups: [{ ...group!, nodes, hosts }] },
      stack: loadStack('megatron-core'),
      workload: {
        sequenceLength: 8192,
        globalBatchSize: 2048,
        precision: 'bf16' as const,
        optimizer: 'adamw',
        headroom: 0.08,
      },
    };
    const started = performance.now();
    const { certificate } = search(problem);
    return {
      gpus: deviceCount(problem.cluster),
      configurations: certificate.space,
      costed: certificate.evaluated,
      seconds: Number(((performance.now() - started) / 1000).toFixed(2)),
    };
  });
}

const SECTIONS = {
  search: searchLines,
  growth: growthLines,
  mixed: mixedLines,
  exhausted: exhaustedLines,
  placement: placementLines,
  processes: processLines,
};
const at = process.argv.indexOf('--only');
const only = at < 0 ? null : process.argv[at + 1];
const result: Record<string, unknown> = {};
for (const [name, lines] of Object.entries(SECTIONS)) {
  if (only !== null && name !== only && !(only === 'mixed' && name === 'exhausted')) continue;
  result[name] = lines();
  if (!process.argv.includes('--json')) {
    console.log(name);
    console.table(result[name]);
  }
}
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(result)}\n`);
