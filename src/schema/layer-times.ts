import { documentSchema } from '../document/document-schema.ts';
import { list, number, positive, some, text } from '../document/shapes.ts';

/** One line of a file of kernel times, read by accuracy --layers. */
export const layerTimesSchema = documentSchema({
  $id: 'shardwright.layer-times',
  title: 'Kernel times of one transformer layer on one GPU: a line of a file that accuracy --layers reads',
  type: 'object',
  required: ['id', 'source', 'gpu', 'precision', 'model', 'tokens', 'attention', 'fitted', 'points'],
  properties: {
    id: text,
    source: text,
    gpu: text,
    precision: { enum: ['fp16', 'fp32'] },
    model: {
      type: 'object',
      required: ['name', 'hidden', 'heads', 'ffnHidden', 'kind'],
      properties: {
        name: text,
        hidden: positive,
        heads: positive,
        ffnHidden: positive,
        kind: { enum: ['llama', 'decoder', 'encoder'] },
      },
    },
    tokens: positive,
    attention: { enum: ['fused', 'unfused'] },
    fitted: {
      type: 'boolean',
      description: 'Only the straight line through the measured times is published.',
    },
    points: {
      ...some({ ...list(number), minItems: 3, maxItems: 3 }),
      description: 'Batch, milliseconds of forward, milliseconds of backward.',
    },
  },
} as const);
