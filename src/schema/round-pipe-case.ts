import { documentSchema } from '../document/document-schema.ts';
import { count, list, number, positive, some } from '../document/shapes.ts';

const time = { type: 'number', minimum: 0 } as const;

const model = {
  type: 'object',
  required: ['layers', 'fwd', 'bwd', 'head_fwd', 'head_bwd', 'hop', 'even', 'rp_fwd', 'rp_bwd', 'makespan'],
  properties: {
    layers: positive,
    fwd: time,
    bwd: time,
    head_fwd: time,
    head_bwd: time,
    hop: time,
    even: some(count),
    chunks: list(count),
    rp_fwd: list(count),
    rp_bwd: some(count),
    makespan: { type: 'object', additionalProperties: number },
  },
} as const;

/** Makespans and throughput that RoundPipe published (ITcarrot/RoundPipe-artifact, pp-simulate), read by accuracy --case. */
export const roundPipeCaseSchema = documentSchema({
  $id: 'shardwright.case.round-pipe',
  title: 'Published makespans of a pipeline dealt round-robin, read by accuracy --case',
  type: 'object',
  required: ['N', 'M', 'models'],
  properties: { N: positive, M: positive, models: { type: 'object', additionalProperties: model } },
  patternProperties: {
    '^throughput_.+_1_to_[0-9]+$': {
      type: 'object',
      additionalProperties: list({ type: ['number', 'string'] }),
    },
  },
} as const);
