import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, list, number, orNull, text } from '../document/shapes.ts';
import { fastest, origin, rankedPlan } from './costed.ts';

export const sweepSchema = documentSchema({
  $id: 'shardwright.sweep/1',
  title:
    'The best plan by budget of GPUs or memory, or by a quantity of the cluster, as printed by plan --gpus, --pareto or --what-if with --json',
  ...closed({
    schema: { const: 'shardwright.sweep/1' },
    ...origin,
    sweeps: list(
      closed(
        {
          kind: { enum: ['gpus', 'pareto-memory', 'pareto-gpus', 'what-if'] },
          points: list(
            closed(
              {
                budget: number,
                gpus: list(closed({ group: text, gpuType: text, gpus: number })),
                plan: orNull(rankedPlan),
              },
              { value: { type: ['string', 'number'] }, fastest },
            ),
          ),
          cut: orNull(closed({ by: text, left: list(number) })),
        },
        { quantity: text },
      ),
    ),
  }),
});

export type SweepDocument = DocumentOf<typeof sweepSchema>;
