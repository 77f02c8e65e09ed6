import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, list, number, orNull, text } from '../document/shapes.ts';
import { origin, rankedPlan } from './costed.ts';

export const sweepSchema = documentSchema({
  $id: 'shardwright.sweep/1',
  title: 'The best plan by budget of GPUs or memory, as printed by plan --gpus or --pareto with --json',
  ...closed({
    schema: { const: 'shardwright.sweep/1' },
    ...origin,
    sweeps: list(
      closed({
        kind: { enum: ['gpus', 'pareto-memory', 'pareto-gpus'] },
        points: list(
          closed({
            budget: number,
            gpus: list(closed({ group: text, gpuType: text, gpus: number })),
            plan: orNull(rankedPlan),
          }),
        ),
        cut: orNull(closed({ by: text, left: list(number) })),
      }),
    ),
  }),
});

export type SweepDocument = DocumentOf<typeof sweepSchema>;
