import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, count, list, number, text, texts } from '../document/shapes.ts';

const exchange = closed({
  library: text,
  gpus: text,
  multiprocessors: count,
  dispatchSeconds: number,
  combineSeconds: number,
});

/** What `experts --json` prints. */
export const expertsSchema = documentSchema({
  $id: 'shardwright.experts/1',
  title: 'Experts of a layer under loads as a trace has them',
  ...closed({
    schema: { const: 'shardwright.experts/1' },
    toolVersion: text,
    model: text,
    cluster: text,
    ranks: count,
    tokensPerRank: count,
    layers: count,
    aim: text,
    imbalance: closed({ expert: number, rank: number, placed: number }),
    seconds: closed({ expertParallel: number, leastLoaded: number, placed: number }),
    cost: closed({ home: number, placed: number }),
    proof: { enum: ['optimal', 'improved'] },
    placement: { ...list(list(count)), description: 'Rank of each expert, layer by layer.' },
    exchanges: list(exchange),
    assumptions: texts,
  }),
});

export type ExpertsDocument = DocumentOf<typeof expertsSchema>;
