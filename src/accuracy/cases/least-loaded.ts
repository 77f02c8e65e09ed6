import { loadCluster } from '../../catalogue/clusters.ts';
import { validateDocument } from '../../catalogue/document.ts';
import { loadModel } from '../../catalogue/models.ts';
import { loadStack } from '../../catalogue/stacks.ts';
import type { Problem } from '../../domain/problem.ts';
import { layerSeconds } from '../../experts/layer-seconds.ts';
import { concentrated } from '../../experts/loads.ts';
import { moeMlp } from '../../layers/ffn/moe.ts';
import { leastLoadedCaseSchema } from '../../schema/least-loaded-case.ts';
import type { CaseKind } from './case-kind.ts';
import { entry } from './entry.ts';

/** Time of one layer of experts as it lies over its time under the least-loaded rule, by share of the tokens and number of hot experts. */
export const leastLoadedCase: CaseKind = {
  keys: ['ranks', 'hot_experts', 'least_loaded_speedup'],
  entries(document) {
    const one = validateDocument(document, leastLoadedCaseSchema);
    return one.least_loaded_speedup.flatMap((row) => {
      const { experts, hidden, intermediate, top_k: topK, tokens_per_rank: tokens } = row;
      const problem = problemOf(one.cluster, hidden);
      const spec = moeMlp(experts, topK, intermediate);
      return Object.entries(row.speedup).flatMap(([share, speedups]) =>
        speedups.map((published, i) => {
          const hot = one.hot_experts[i]!;
          const all = { tokens: tokens * one.ranks, topK, share: Number(share) / 100, hot };
          const loads = concentrated(experts, all);
          const time = layerSeconds(problem, spec, one.ranks, { loads, tokens });
          const predicted = time.expertParallel / time.leastLoaded;
          return entry(`${row.model}, ${share} % to ${hot}`, predicted, published);
        }),
      );
    });
  },
};

/** Only the width of the model counts: experts are the row's own. */
function problemOf(cluster: string, hiddenSize: number): Problem {
  const { value } = loadModel('mixtral-8x7b');
  return {
    model: { ...value, hiddenSize },
    cluster: loadCluster(cluster).value,
    stack: loadStack('megatron-core'),
    workload: {
      sequenceLength: 4096,
      globalBatchSize: 8,
      precision: 'bf16',
      optimizer: 'adamw',
      headroom: 0,
    },
  };
}
