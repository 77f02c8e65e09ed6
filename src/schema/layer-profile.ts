import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, positive, some, text } from '../document/shapes.ts';

const point = closed(
  {
    microBatch: positive,
    forward: {
      type: 'string',
      description: 'Of one layer on one GPU, its communication included: "12 ms".',
    },
    backward: { type: 'string', description: 'Without recomputation.' },
  },
  {
    saved: {
      type: 'string',
      description: 'Kept from forward to backward without recomputation: "1.1 GiB".',
    },
  },
);

const entry = closed(
  {
    gpu: { type: 'string', description: 'GPU type as in the cluster file.' },
    tensorParallel: positive,
    sequenceLength: positive,
    points: some(point),
  },
  {
    layerKind: {
      type: 'string',
      description: 'Name of a kind of layer of the model; all when left out.',
    },
  },
);

export const layerProfileSchema = documentSchema({
  $id: 'shardwright.layer-profile/1',
  title: 'Measured seconds and bytes of layers, read by --layer-profile',
  ...closed({ schema: { const: 'shardwright.layer-profile/1' }, entries: some(entry) }, { name: text }),
});

export type LayerProfileDocument = DocumentOf<typeof layerProfileSchema>;
