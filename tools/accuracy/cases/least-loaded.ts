import { loadCluster } from '../../../src/catalogue/clusters.ts';
import { validateDocument } from '../../../src/catalogue/document.ts';
import { loadModel } from '../../../src/catalogue/models.ts';
import { loadStack } from '../../../src/catalogue/stacks.ts';
import { documentSchema } from '../../../src/document/document-schema.ts';
import { count, positive, some, text } from '../../../src/document/shapes.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { layerSeconds } from '../../../src/experts/layer-seconds.ts';
import { concentrated } from '../../../src/experts/loads.ts';
import { moeMlp } from '../../../src/layers/ffn/moe.ts';
import { entry } from './entry.ts';
import type { CaseKind } from './index.ts';

const seconds = { type: 'number', minimum: 0 } as const;

const schema = documentSchema({
  $id: 'shardwright.case.least-loaded',
  type: 'object',
  required: ['cluster', 'ranks', 'hot_experts', 'least_loaded_speedup'],
  properties: {
    cluster: text,
    ranks: positive,
    hot_experts: some(positive),
    least_loaded_speedup: some({
      type: 'object',
      required: ['model', 'experts', 'hidden', 'intermediate', 'top_k', 'tokens_per_rank', 'speedup'],
      properties: {
        model: text,
        experts: positive,
        hidden: positive,
        intermediate: positive,
        top_k: positive,
        tokens_per_rank: count,
        // By per cent of the tokens that go to the hot experts: one for each count of those.
        speedup: { type: 'object', additionalProperties: some(seconds) },
      },
    } as const),
  },
} as const);

/** Time of one layer of experts as it lies over its time under the least-loaded rule, by share of the tokens and number of hot experts. */
export const leastLoadedCase: CaseKind = {
  keys: ['ranks', 'hot_experts', 'least_loaded_speedup'],
  entries(document) {
    const one = validateDocument(document, schema);
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
