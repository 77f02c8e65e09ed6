import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, flag, size, sizeOrNone, some, text } from '../document/shapes.ts';
import { shared } from '../document/shared.ts';
import { variants } from '../document/variants.ts';
import { NORM_KINDS } from '../domain/model.ts';
import { FEED_FORWARDS } from '../layers/ffn/index.ts';
import { MIXERS } from '../layers/mixers/index.ts';
import { givenSchema } from '../layers/whole/given.ts';

const mixer = shared(
  'mixer',
  variants(
    'kind',
    MIXERS.map(({ schema }) => schema),
  ),
);
const ffn = shared(
  'ffn',
  variants(
    'kind',
    FEED_FORWARDS.map(({ schema }) => schema),
  ),
);

const run = closed(
  { count: { type: 'integer', minimum: 1, maximum: 10000 } },
  {
    name: text,
    mixer: { ...mixer, description: 'What mixes the tokens of a sequence.' },
    ffn: { ...ffn, description: 'What works on each token.' },
    given: {
      ...shared('given', givenSchema),
      description: 'The whole layer by its figures, in a model of such layers alone.',
    },
    // Names of version 0.1.
    attention: mixer,
    mlp: ffn,
  },
);

export const modelSchema = documentSchema({
  $id: 'shardwright.model/1',
  title: 'A model: either a Hugging Face config or runs of layers',
  ...closed(
    { schema: { const: 'shardwright.model/1' } },
    {
      name: text,
      source: text,
      huggingFace: { type: 'object', description: 'The body of a config.json.' },
      hiddenSize: size,
      vocabSize: size,
      tiedEmbeddings: flag,
      learnedPositions: sizeOrNone,
      norm: closed(
        { kind: { enum: NORM_KINDS } },
        {
          perLayer: size,
          bias: { ...flag, description: 'Of layer norms; usual: true.' },
          scale: { ...flag, description: 'A learned weight; usual: true.' },
          after: { ...flag, description: 'The two stand after attention and MLP, not before; usual: false.' },
        },
      ),
      headBias: { ...flag, description: 'A bias on the vocabulary projection.' },
      logitSoftCap: { ...flag, description: 'Logits go through c·tanh(logits/c).' },
      embeddingNorm: { ...flag, description: 'A norm on what the embedding looks up.' },
      parallelResidual: { ...flag, description: 'Attention and MLP read the same input.' },
      alibi: { ...flag, description: 'Distances weigh on the scores; nothing is rotated.' },
      mtpLayers: { type: 'integer', minimum: 0, maximum: 100 },
      maxSequenceLength: size,
      layers: { ...some(run), description: 'Runs of equal layers, in order.' },
    },
  ),
  if: { required: ['huggingFace'] },
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword.
  then: { maxProperties: 4 },
  else: { required: ['layers'] },
});

type ModelDocument = DocumentOf<typeof modelSchema>;
/** A model in words of its own, as against the body of a config.json. */
export type OwnModelDocument = Exclude<ModelDocument, { readonly huggingFace: object }>;
