import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import {
  closed,
  count,
  either,
  flag,
  list,
  named,
  number,
  numberOrNull,
  orNull,
  text,
  texts,
} from '../document/shapes.ts';
import {
  costed,
  costedBeside,
  origin,
  precision,
  problem,
  ranked,
  rankedPlan,
  reason,
  rejection,
  verdict,
} from './costed.ts';

const placement = closed({
  method: { enum: ['exact', 'annealing'] },
  stepSeconds: number,
  rankOrderSeconds: number,
  greedySeconds: number,
  tried: count,
  seed: count,
});

const steady = closed({
  why: { enum: ['sooner', 'steady', 'evidence', 'simpler'] },
  costShare: { ...number, description: 'Of what the search made small, how much more than the fastest.' },
  fastest: closed({ rank: { type: ['integer', 'null'] }, configuration: text, stepTimeSeconds: number }),
  under: orNull(
    closed({
      id: text,
      name: text,
      firstStepTimeSeconds: number,
      fastestStepTimeSeconds: number,
      fastestFits: flag,
    }),
  ),
  beyond: { ...texts, description: 'Degrees of the fastest larger than those of any measured run.' },
  kinds: closed({ first: texts, fastest: texts }),
});

const certificate = closed(
  {
    space: count,
    rejected: list(rejection),
    boundedAway: count,
    evaluated: count,
    left: count,
    optimal: flag,
    gap: numberOrNull,
    cutBy: { type: ['string', 'null'] },
  },
  // Files of version 0.1 have none.
  { unproven: count, unlisted: flag },
);

/** Beside plan --why-not. */
const whyNot = closed(
  {
    asked: text,
    plan: orNull(rankedPlan),
    rejected: list(rejection),
    nearest: orNull(closed({ reason, remedy: text })),
  },
  { cannot: list(reason) },
);

/** Beside plan --from: the law that the file breaks, or its estimate. */
const from = either(
  'reason',
  closed({ file: text, notes: texts, reason }),
  closed({
    file: text,
    notes: texts,
    configuration: text,
    stepTimeSeconds: number,
    verdict,
    changes: { type: ['array', 'null'], items: text },
  }),
);

export const planSchema = documentSchema({
  $id: 'shardwright.plan/2',
  title: 'Ranked plans, as printed by plan --json',
  ...closed(
    {
      schema: { const: 'shardwright.plan/2' },
      ...origin,
      problem,
      plans: list(rankedPlan),
      evenSplit: either('reason', closed({ reason }), rankedPlan),
      nearestMiss: orNull(closed({ reason, remedy: text, ...costed }, costedBeside)),
      launchers: texts,
      idle: list(
        closed(
          { group: text, gpuType: text, gpus: count, asked: flag, stepSeconds: numberOrNull },
          { reason: orNull(reason), otherwise: orNull(closed({ precision, stepSeconds: number })) },
        ),
      ),
      freer: orNull(closed({ launchers: texts, ...ranked }, { freedoms: texts, ...costedBeside })),
      placement: orNull(placement),
      slowLinks: list(
        closed({
          from: text,
          to: text,
          bytesPerSecond: number,
          medianBytesPerSecond: number,
          costSeconds: number,
        }),
      ),
      certificate,
      rejected: named(count),
    },
    {
      steadier: {
        ...orNull(closed({ overRank: count, stepSeconds: number, overStepSeconds: number })),
        description: 'As earlier versions wrote; now steady.',
      },
      steady: {
        ...orNull(steady),
        description: 'Why the first plan is not the fastest found, which it ties with; null: it is.',
      },
      whyNot,
      from,
      ownStacks: {
        ...list(closed({ stack: text, launchers: texts, stepTimeSeconds: number, fits: flag })),
        description:
          'Where no stack was asked for: the first plan on the own one of each framework that runs it.',
      },
      cannot: {
        ...list(reason),
        description: 'Where no configuration has what is held: values that cannot be, and which can.',
      },
      without: {
        ...list(closed({ held: text, ...ranked }, costedBeside)),
        description: 'Where no plan has what is held: the best plan without one of them.',
      },
      beyond: orNull(closed({ framework: text, reason, freedoms: texts, ...ranked }, costedBeside)),
      untaken: {
        ...list(
          closed({
            allowed: text,
            rank: { type: ['integer', 'null'] },
            stepTimeSeconds: numberOrNull,
            costShare: numberOrNull,
            reason: orNull(reason),
          }),
        ),
        description:
          'What --allow lets plans do and the first does not: the best plan that does, and of what plans are ranked by how much more it takes; null: none runs.',
      },
      unaided: {
        ...orNull(closed({ allowed: text, stepTimeSeconds: numberOrNull })),
        description:
          'Where the first plan does what --allow lets it: the best step without; null: nothing fits.',
      },
    },
  ),
});

export type PlanDocument = DocumentOf<typeof planSchema>;
export type RankedDocument = PlanDocument['plans'][number];
