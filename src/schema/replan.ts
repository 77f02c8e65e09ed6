import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, count, flag, list, named, number, orNull, text, texts } from '../document/shapes.ts';
import { rankedPlan, reason } from './costed.ts';
import { throughput } from './throughput.ts';

const strategy = { enum: ['spare', 'best', 'same-shards', 'reroute', 'drop-copies'] } as const;

/** What `replan --json` prints. */
export const replanSchema = documentSchema({
  $id: 'shardwright.replan/1',
  title: 'What to do when hosts are lost',
  ...closed({
    schema: { const: 'shardwright.replan/1' },
    toolVersion: text,
    model: text,
    cluster: text,
    lost: texts,
    lostRanks: count,
    gpus: count,
    gpusLeft: count,
    statesSurvive: {
      ...flag,
      description: 'Every state is on a GPU that is left; else all go back to a checkpoint.',
    },
    before: closed({ configuration: text, stepTimeSeconds: number }, throughput(number)),
    repairSeconds: number,
    rules: {
      ...named({ type: ['string', 'number'] } as const),
      description: 'Held where only layers and copies may move.',
    },
    repairs: {
      ...list(
        closed(
          {
            strategy,
            plan: orNull(rankedPlan),
            stepTimeSeconds: number,
            movedBytes: number,
            movedSeconds: number,
            fromCheckpoint: flag,
            downSeconds: number,
          },
          { ...throughput(number), yieldTokensPerSecond: number, yieldSamplesPerSecond: number },
        ),
      ),
      description: 'The one that yields most until the hosts are back first.',
    },
    refused: list(closed({ strategy, reason })),
    assumptions: texts,
  }),
});

export type ReplanDocument = DocumentOf<typeof replanSchema>;
