import type { JsonSchema } from './validator.ts';

const positive = { type: 'integer', minimum: 1 };
const optionalFlag = { type: 'boolean' };

const softmax = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'heads'],
  properties: {
    kind: { const: 'softmax' },
    heads: positive,
    kvHeads: positive,
    headDim: positive,
    qkvBias: optionalFlag,
    outBias: optionalFlag,
    qkNormParameters: { type: 'integer', minimum: 0 },
    sinks: optionalFlag,
    slidingWindow: { type: ['integer', 'null'], minimum: 1 },
  },
};
const latent = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'heads', 'kvLoraRank', 'qkNopeHeadDim', 'qkRopeHeadDim', 'vHeadDim'],
  properties: {
    kind: { const: 'latent' },
    heads: positive,
    qLoraRank: { type: ['integer', 'null'], minimum: 1 },
    kvLoraRank: positive,
    qkNopeHeadDim: positive,
    qkRopeHeadDim: positive,
    vHeadDim: positive,
  },
};
const dense = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'ffnHiddenSize'],
  properties: { kind: { const: 'dense' }, ffnHiddenSize: positive, gated: optionalFlag, bias: optionalFlag },
};
const moe = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'experts', 'topK', 'expertFfnHiddenSize'],
  properties: {
    kind: { const: 'moe' },
    experts: positive,
    topK: positive,
    expertFfnHiddenSize: positive,
    sharedFfnHiddenSize: { type: 'integer', minimum: 0 },
    gated: optionalFlag,
    expertBias: optionalFlag,
    routerBias: optionalFlag,
    correctionBias: optionalFlag,
    sharedGate: optionalFlag,
  },
};
const byKind = (one: object, other: object, first: string) => ({
  type: 'object',
  required: ['kind'],
  if: { properties: { kind: { const: first } } },
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword.
  then: one,
  else: other,
});

export const modelSchema: JsonSchema = {
  $id: 'shardwright.model/1',
  title: 'A model: either a Hugging Face config or runs of layers',
  type: 'object',
  additionalProperties: false,
  required: ['schema'],
  properties: {
    schema: { const: 'shardwright.model/1' },
    name: { type: 'string' },
    source: { type: 'string' },
    huggingFace: { type: 'object', description: 'The body of a config.json.' },
    hiddenSize: positive,
    vocabSize: positive,
    tiedEmbeddings: optionalFlag,
    learnedPositions: { type: 'integer', minimum: 0 },
    norm: {
      type: 'object',
      additionalProperties: false,
      required: ['kind'],
      properties: { kind: { enum: ['rms', 'layer'] }, perLayer: positive },
    },
    mtpLayers: { type: 'integer', minimum: 0 },
    maxSequenceLength: positive,
    layers: {
      type: 'array',
      minItems: 1,
      description: 'Runs of equal layers, in order.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['count', 'attention', 'mlp'],
        properties: {
          count: { type: 'integer', minimum: 1, maximum: 10000 },
          name: { type: 'string' },
          attention: byKind(softmax, latent, 'softmax'),
          mlp: byKind(dense, moe, 'dense'),
        },
      },
    },
  },
  if: { required: ['huggingFace'] },
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword.
  then: { maxProperties: 4 },
  else: { required: ['hiddenSize', 'vocabSize', 'layers'] },
};

type LayerRun = {
  readonly count: number;
  readonly name?: string;
  readonly attention: { readonly kind: string; readonly [key: string]: unknown };
  readonly mlp: { readonly kind: string; readonly [key: string]: unknown };
};

export interface ModelDocument {
  readonly name?: string;
  readonly huggingFace?: Readonly<Record<string, unknown>>;
  readonly hiddenSize: number;
  readonly vocabSize: number;
  readonly tiedEmbeddings?: boolean;
  readonly learnedPositions?: number;
  readonly norm?: { readonly kind: 'rms' | 'layer'; readonly perLayer?: number };
  readonly mtpLayers?: number;
  readonly maxSequenceLength?: number;
  readonly layers: readonly LayerRun[];
}
