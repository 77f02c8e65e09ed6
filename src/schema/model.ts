import { NORM_KINDS } from '../domain/model.ts';
import { type DocumentOf, documentSchema } from './document-schema.ts';
import { closed, count, flag, positive, some, text } from './shapes.ts';
import { variants } from './variants.ts';

const positiveOrNull = { type: ['integer', 'null'], minimum: 1 } as const;

const softmax = closed(
  { kind: { const: 'softmax' }, heads: positive },
  {
    kvHeads: positive,
    headDim: positive,
    qkvBias: flag,
    outBias: flag,
    qkNormParameters: count,
    sinks: flag,
    slidingWindow: positiveOrNull,
  },
);
const latent = closed(
  {
    kind: { const: 'latent' },
    heads: positive,
    kvLoraRank: positive,
    qkNopeHeadDim: positive,
    qkRopeHeadDim: positive,
    vHeadDim: positive,
  },
  { qLoraRank: positiveOrNull },
);
const dense = closed({ kind: { const: 'dense' }, ffnHiddenSize: positive }, { gated: flag, bias: flag });
const moe = closed(
  { kind: { const: 'moe' }, experts: positive, topK: positive, expertFfnHiddenSize: positive },
  {
    sharedFfnHiddenSize: count,
    gated: flag,
    expertBias: flag,
    routerBias: flag,
    correctionBias: flag,
    sharedGate: flag,
  },
);

const run = closed(
  {
    count: { type: 'integer', minimum: 1, maximum: 10000 },
    attention: variants('kind', [softmax, latent]),
    mlp: variants('kind', [dense, moe]),
  },
  { name: text },
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
      hiddenSize: positive,
      vocabSize: positive,
      tiedEmbeddings: flag,
      learnedPositions: count,
      norm: closed({ kind: { enum: NORM_KINDS } }, { perLayer: positive }),
      mtpLayers: count,
      maxSequenceLength: positive,
      layers: { ...some(run), description: 'Runs of equal layers, in order.' },
    },
  ),
  if: { required: ['huggingFace'] },
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword.
  then: { maxProperties: 4 },
  else: { required: ['hiddenSize', 'vocabSize', 'layers'] },
});

type ModelDocument = DocumentOf<typeof modelSchema>;
/** A model in words of its own, as against the body of a config.json. */
export type OwnModelDocument = Exclude<ModelDocument, { readonly huggingFace: object }>;
type LayerRun = OwnModelDocument['layers'][number];
export type AttentionDocument = LayerRun['attention'];
export type MlpDocument = LayerRun['mlp'];
