import type { JsonSchema } from './validator.ts';

const closed = (required: readonly string[], properties: Record<string, unknown>) => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
});
const whole = { type: 'integer', minimum: 1 };

export const layerProfileSchema: JsonSchema = {
  $id: 'shardwright.layer-profile/1',
  title: 'Measured seconds and bytes of layers, read by --layer-profile',
  ...closed(['schema', 'entries'], {
    schema: { const: 'shardwright.layer-profile/1' },
    name: { type: 'string' },
    entries: {
      type: 'array',
      minItems: 1,
      items: closed(['gpu', 'tensorParallel', 'sequenceLength', 'points'], {
        gpu: { type: 'string', description: 'GPU type as in the cluster file.' },
        tensorParallel: whole,
        sequenceLength: whole,
        layerKind: {
          type: 'string',
          description: 'Name of a kind of layer of the model; all when left out.',
        },
        points: {
          type: 'array',
          minItems: 1,
          items: closed(['microBatch', 'forward', 'backward'], {
            microBatch: whole,
            forward: {
              type: 'string',
              description: 'Of one layer on one GPU, its communication included: "12 ms".',
            },
            backward: { type: 'string', description: 'Without recomputation.' },
            saved: {
              type: 'string',
              description: 'Kept from forward to backward without recomputation: "1.1 GiB".',
            },
          }),
        },
      }),
    },
  }),
};

export interface LayerProfileDocument {
  readonly name?: string;
  readonly entries: readonly {
    readonly gpu: string;
    readonly tensorParallel: number;
    readonly sequenceLength: number;
    readonly layerKind?: string;
    readonly points: readonly {
      readonly microBatch: number;
      readonly forward: string;
      readonly backward: string;
      readonly saved?: string;
    }[];
  }[];
}
