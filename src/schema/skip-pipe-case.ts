import { documentSchema } from '../document/document-schema.ts';
import { count, list, positive, some } from '../document/shapes.ts';

const seconds = { type: 'number', minimum: 0 } as const;
const paths = some(some(count));

/** Times of paths that SkipPipe published (gensyn-ai/skippipe, schedule.json), read by accuracy --case. */
export const skipPipeCaseSchema = documentSchema({
  $id: 'shardwright.case.skip-pipe',
  title: 'Published times of a pipeline that skips stages, read by accuracy --case',
  type: 'object',
  required: ['stages', 'memory', 'forward_seconds', 'delay_seconds', 'published_seconds'],
  properties: {
    stages: { type: 'array', minItems: 2, items: some(count) },
    memory: positive,
    forward_seconds: { anyOf: [seconds, list(seconds)] },
    delay_seconds: some(some(seconds)),
    paths: { type: 'object', additionalProperties: paths },
    published_seconds: { type: 'object', additionalProperties: seconds },
  },
} as const);
