import { documentSchema } from '../document/document-schema.ts';
import { count, positive, some, text } from '../document/shapes.ts';

const seconds = { type: 'number', minimum: 0 } as const;

/** Speed-ups of the least-loaded rule as published (arXiv 2601.17111), read by accuracy --case. */
export const leastLoadedCaseSchema = documentSchema({
  $id: 'shardwright.case.least-loaded',
  title: 'Published speed-ups of experts under the least-loaded rule, read by accuracy --case',
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
