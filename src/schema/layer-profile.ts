import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, positive, some, text } from '../document/shapes.ts';
import { PRECISIONS } from '../domain/dtype.ts';
import { PROFILE_PARTS } from '../domain/layer-profile.ts';

const point = closed(
  {
    microBatch: positive,
    forward: {
      type: 'string',
      description: 'Of one part on one GPU, its communication included: "12 ms".',
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
    gpu: { type: 'string', description: 'GPU type or path as in the cluster file, or the id in that file.' },
    tensorParallel: { ...positive, description: 'With sequence parallelism, as plans have it.' },
    sequenceLength: { ...positive, description: 'Of the whole sequence.' },
    points: some(point),
  },
  {
    part: {
      enum: PROFILE_PARTS,
      description:
        'A decoder layer (layer, where left out); token embedding; final norm and LM head; cross entropy.',
    },
    layerKind: {
      type: 'string',
      description: 'Name of a kind of layer of the model; all when left out.',
    },
    precision: {
      enum: PRECISIONS,
      description: 'What it was measured in; when left out, what the run that it is read for computes in.',
    },
    contextParallel: { ...positive, description: '1 when left out.' },
    expertParallel: { ...positive, description: 'Of a layer with experts; 1 when left out.' },
    expertTensorParallel: { ...positive, description: 'The same of each expert.' },
  },
);

export const layerProfileSchema = documentSchema({
  $id: 'shardwright.layer-profile/1',
  title: 'Measured seconds and bytes of layers and of the ends of a model, read by --layer-profile',
  ...closed({ schema: { const: 'shardwright.layer-profile/1' }, entries: some(entry) }, { name: text }),
});

export type LayerProfileDocument = DocumentOf<typeof layerProfileSchema>;
