import { closed, count, positive, some } from '../document/shapes.ts';
import { shared } from '../document/shared.ts';
import { SCHEDULES } from '../schedules/index.ts';
import { TECHNIQUES } from '../techniques/index.ts';

/** Layers first … end − 1. */
export const range = closed({ first: count, end: count });

export const schedule = { enum: SCHEDULES.map(({ id }) => id) } as const;

const values: { readonly type: 'object'; readonly additionalProperties: object } = {
  type: 'object',
  additionalProperties: false as unknown as object,
  ...{ properties: Object.fromEntries(TECHNIQUES.map(({ id, schema }) => [id, schema])) },
};

/** By id: each value as its own module knows it. */
export const techniques = shared('techniques', values);

const replica = closed(
  { count, group: count, firstDevice: count, tp: positive, microBatches: count },
  { microBatchSize: positive, stateParts: positive },
);

/** The plan itself, as `emit` reads it back. */
export const plan = shared(
  'plan',
  closed({
    pipelines: some(
      closed({
        stages: some(closed({ chunks: some(range), microBatchSize: positive, replicas: some(replica) })),
        microBatches: count,
      }),
    ),
    dims: closed({ cp: positive, ep: positive, etp: positive, vpp: positive, dpReplicate: positive }),
    schedule,
    techniques,
    nodeOrder: { type: ['array', 'null'], items: count },
  }),
);
