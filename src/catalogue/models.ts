import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { InputError } from '../domain/input-error.ts';
import type { AttentionSpec, LayerKind, MlpSpec, ModelSpec } from '../domain/model.ts';
import {
  type AttentionDocument,
  type MlpDocument,
  modelSchema,
  type OwnModelDocument,
} from '../schema/model.ts';
import {
  bundled,
  type Document,
  dataFolder,
  isMapping,
  listNames,
  readDocument,
  validateDocument,
} from './document.ts';
import { fromHuggingFace } from './huggingface/index.ts';

const FOLDER = dataFolder('configs', 'models');

export interface Loaded<T> {
  readonly value: T;
  readonly path: string;
  readonly sha256: string;
}

export function listModels(): string[] {
  return listNames(FOLDER);
}

/** A preset by name, a Hugging Face config.json, or a YAML model. */
export function loadModel(nameOrPath: string): Loaded<ModelSpec> {
  const looksLikePath = /[\\/]|\.(json|ya?ml)$/i.test(nameOrPath) || existsSync(nameOrPath);
  const path = looksLikePath ? nameOrPath : bundled('model', FOLDER, nameOrPath);
  const document = readDocument(path);
  return {
    value: modelFrom(document, looksLikePath ? nameOf(path) : nameOrPath.toLowerCase()),
    path,
    sha256: document.sha256,
  };
}

function nameOf(path: string): string {
  const file = basename(path).replace(/\.(json|ya?ml)$/i, '');
  const folder = basename(dirname(path));
  return file === 'config' && folder !== '' && folder !== '.' ? folder : file;
}

function modelFrom(document: Document, name: string): ModelSpec {
  const { value } = document;
  if (!isMapping(value)) {
    throw new InputError({
      message: 'the file holds no mapping',
      expected: 'a model: config.json or YAML',
      at: document.locate(''),
    });
  }
  if (!('schema' in value)) return located(document, () => fromHuggingFace(value, name, document.path), '');
  const doc = validateDocument(document, modelSchema);
  const title = doc.name ?? name;
  if (doc.huggingFace !== undefined) {
    const config = doc.huggingFace;
    return located(document, () => fromHuggingFace(config, title, document.path), '/huggingFace');
  }
  return ownModel(document, doc, title);
}

/** Gives an error about a key of the config its line. */
function located<T>(document: Document, read: () => T, at: string): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const key = /^(?:missing key )?"?(\w+)"? /.exec(`${error.problem.message} `)?.[1];
    throw new InputError({ ...error.problem, at: document.locate(key === undefined ? at : `${at}/${key}`) });
  }
}

function ownModel(document: Document, doc: OwnModelDocument, name: string): ModelSpec {
  const kinds: LayerKind[] = [];
  const layers: number[] = [];
  for (const [i, run] of doc.layers.entries()) {
    const attention = attentionFrom(document, `/layers/${i}/attention`, doc.hiddenSize, run.attention);
    const mlp = mlpFrom(document, `/layers/${i}/mlp`, run.mlp);
    const same = kinds.findIndex(
      (k) => JSON.stringify([k.attention, k.mlp]) === JSON.stringify([attention, mlp]),
    );
    const kind =
      same >= 0 ? same : kinds.push({ name: run.name ?? `${mlp.kind}-${kinds.length}`, attention, mlp }) - 1;
    for (let n = 0; n < run.count; n++) layers.push(kind);
  }
  return {
    name,
    family: 'shardwright',
    hiddenSize: doc.hiddenSize,
    vocabSize: doc.vocabSize,
    tiedEmbeddings: doc.tiedEmbeddings ?? false,
    learnedPositions: doc.learnedPositions ?? 0,
    norm: { kind: doc.norm?.kind ?? 'rms', perLayer: doc.norm?.perLayer ?? 2 },
    kinds,
    layers,
    mtpLayers: doc.mtpLayers ?? 0,
    ...(doc.maxSequenceLength === undefined ? {} : { maxSequenceLength: doc.maxSequenceLength }),
  };
}

function attentionFrom(document: Document, at: string, hidden: number, a: AttentionDocument): AttentionSpec {
  if (a.kind === 'latent') return { qLoraRank: null, ...a };
  const { heads } = a;
  if (a.headDim === undefined && hidden % heads !== 0) {
    throw new InputError({
      message: `heads is ${heads}`,
      expected: `a divisor of hiddenSize ${hidden}, or headDim stated`,
      at: document.locate(`${at}/heads`),
    });
  }
  return {
    kvHeads: heads,
    headDim: hidden / heads,
    qkvBias: false,
    outBias: false,
    qkNormParameters: 0,
    sinks: false,
    slidingWindow: null,
    ...a,
  };
}

function mlpFrom(document: Document, at: string, m: MlpDocument): MlpSpec {
  if (m.kind === 'dense') return { gated: true, bias: false, ...m };
  if (m.topK > m.experts) {
    throw new InputError({
      message: `topK is ${m.topK}`,
      expected: `at most experts ${m.experts}`,
      at: document.locate(`${at}/topK`),
    });
  }
  return {
    sharedFfnHiddenSize: 0,
    gated: true,
    expertBias: false,
    routerBias: false,
    correctionBias: false,
    sharedGate: false,
    ...m,
  };
}
