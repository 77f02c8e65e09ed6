import { documentSchema } from '../document/document-schema.ts';
import { closed, count, number, some } from '../document/shapes.ts';

/** Where tokens went, as a router or a profiler wrote it down: what each expert was sent, or the experts of each token. */
export const routingSchema = documentSchema({
  $id: 'shardwright.routing/1',
  title: 'Which experts tokens were sent to',
  ...closed(
    { schema: { const: 'shardwright.routing/1' } },
    {
      loads: { ...some(some(number)), description: 'Tokens of each expert, layer by layer.' },
      routes: {
        ...some(some(some(count))),
        description: 'Of each token, for each layer of experts, those that it was sent to, counted from 0.',
      },
    },
  ),
} as const);
