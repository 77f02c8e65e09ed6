import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { InputError } from '../domain/input-error.ts';
import { type LayerKind, type LayerPart, MOST_LAYERS, type ModelSpec } from '../domain/model.ts';
import { moduleOf } from '../layers/layer.ts';
import type { Flaw } from '../layers/layer-module.ts';
import { modelSchema, type OwnModelDocument } from '../schema/model.ts';
import { dataFolder } from './data-folder.ts';
import { bundled, type Document, isMapping, listNames, readDocument, validateDocument } from './document.ts';
import { givenModel, isGiven } from './given-layers.ts';
import { DECODERS, fromHuggingFace } from './huggingface/index.ts';

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
  refuseHub(nameOrPath);
  const path = looksLikePath ? configIn(nameOrPath) : bundled('model', FOLDER, nameOrPath);
  const document = readDocument(path);
  return {
    value: modelFrom(document, looksLikePath ? nameOf(path) : nameOrPath.toLowerCase()),
    path,
    sha256: document.sha256,
  };
}

/** What names of the hub have beside a preset's own, for the same sizes: `meta-llama-3.1-8b-instruct` without `llama-3.1-8b`. */
const VARIANT = /^(meta-)?=(-(instruct|it|pt|base|chat|hf|bf16|v\d+(\.\d+)*|\d{4}))*$/;

/** An id of the hub, or its address: nothing is fetched. */
function refuseHub(name: string): void {
  if (existsSync(name)) return;
  const [, id] =
    /^(?:https?:\/\/(?:www\.)?huggingface\.co\/)?([\w.-]+\/[\w.-]+?)(?:\/(?:tree|blob|resolve)\/.*)?\/?$/.exec(
      name,
    ) ?? [];
  if (id === undefined || /^\.|\.(json|ya?ml)$/i.test(id) || existsSync(dirname(name))) return;
  const preset = listModels().find((one) => VARIANT.test(id.split('/')[1]!.toLowerCase().replace(one, '=')));
  const known = preset === undefined ? '' : ` the preset "${preset}", or`;
  throw new InputError({
    message: `${name} is no file, and nothing is fetched`,
    expected: 'a preset, or a file: config.json or YAML',
    hint: `Maybe${known} its config.json, from https://huggingface.co/${id}/resolve/main/config.json.`,
  });
}

/** A folder as Hugging Face has them stands for its config.json. */
function configIn(path: string): string {
  const config = join(path, 'config.json');
  return existsSync(path) && statSync(path).isDirectory() && existsSync(config) ? config : path;
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
  if (!('schema' in value))
    return located(document, value, () => fromHuggingFace(value, name, document.path), '');
  const doc = validateDocument(document, modelSchema);
  const title = doc.name ?? name;
  if (doc.huggingFace !== undefined) {
    const config = doc.huggingFace;
    return located(document, config, () => fromHuggingFace(config, title, document.path), '/huggingFace');
  }
  return ownModel(document, doc, title);
}

/** Gives an error about a key of the config, or of a mapping inside it, its line. */
function located<T>(document: Document, config: object, read: () => T, at: string): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { message, hint } = error.problem;
    // Where a key is missing, the line of the one that may be meant.
    const meant = message.startsWith('missing key') ? /"(\w+)" is meant/.exec(hint ?? '')?.[1] : undefined;
    const key = meant ?? /^(?:missing key )?"?(\w+)"? /.exec(`${message} `)?.[1];
    const pointer = key === undefined ? '' : pointerOf(config, key);
    throw new InputError({ ...error.problem, at: document.locate(`${at}${pointer}`) });
  }
}

/** Where a key stands: of a decoder inside a multimodal config first, as it is read. */
function pointerOf(config: object, key: string): string {
  const inside = Object.entries(config).filter(([, value]) => isMapping(value) && key in value);
  const decoder = inside.find(([name]) => DECODERS.some((one) => one === name));
  const [name] = decoder ?? (key in config ? [] : (inside[0] ?? []));
  return name === undefined ? `/${key}` : `/${name}/${key}`;
}

function ownModel(document: Document, doc: OwnModelDocument, name: string): ModelSpec {
  if (isGiven(doc)) return givenModel(document, doc, name);
  const { hiddenSize, vocabSize } = doc;
  if (hiddenSize === undefined || vocabSize === undefined)
    throw new InputError({
      message: `missing key "${hiddenSize === undefined ? 'hiddenSize' : 'vocabSize'}"`,
      expected: 'hiddenSize and vocabSize of a decoder; or layers given by their figures (given)',
      at: document.locate(''),
    });
  const kinds: LayerKind[] = [];
  const layers: number[] = [];
  for (const [i, run] of doc.layers.entries()) {
    const part = (keys: readonly ('mixer' | 'attention' | 'ffn' | 'mlp')[]) => {
      const [key, twice] = keys.filter((one) => run[one] !== undefined);
      if (twice !== undefined)
        throw new InputError({
          message: `${key} and ${twice} mean the same`,
          expected: 'one of them',
          at: document.locate(`/layers/${i}/${twice}`),
        });
      return key === undefined ? null : completed(document, `/layers/${i}/${key}`, hiddenSize, run[key]);
    };
    if (layers.length + run.count > MOST_LAYERS)
      throw new InputError({
        message: `${layers.length + run.count} layers`,
        expected: `${MOST_LAYERS} at most`,
        at: document.locate(`/layers/${i}/count`),
      });
    const mixer = part(['mixer', 'attention']);
    const ffn = part(['ffn', 'mlp']);
    if (mixer === null && ffn === null)
      throw new InputError({
        message: 'a layer with neither mixer nor ffn',
        expected: 'one of them, or both',
        at: document.locate(`/layers/${i}`),
      });
    const same = kinds.findIndex((k) => JSON.stringify([k.mixer, k.ffn]) === JSON.stringify([mixer, ffn]));
    const title = run.name ?? `${(ffn ?? mixer)!.kind}-${kinds.length}`;
    const kind = same >= 0 ? same : kinds.push({ name: title, mixer, ffn }) - 1;
    for (let n = 0; n < run.count; n++) layers.push(kind);
  }
  return {
    name,
    family: 'shardwright',
    hiddenSize,
    vocabSize,
    tiedEmbeddings: doc.tiedEmbeddings ?? false,
    learnedPositions: doc.learnedPositions ?? 0,
    norm: { perLayer: 2, ...(doc.norm ?? { kind: 'rms' }) },
    kinds,
    layers,
    mtpLayers: doc.mtpLayers ?? 0,
    ...(doc.headBias === true ? { headBias: true } : {}),
    ...(doc.logitSoftCap === true ? { logitSoftCap: true } : {}),
    ...(doc.embeddingNorm === true ? { embeddingNorm: true } : {}),
    ...(doc.parallelResidual === true ? { parallelResidual: true } : {}),
    ...(doc.alibi === true ? { alibi: true } : {}),
    ...(doc.maxSequenceLength === undefined ? {} : { maxSequenceLength: doc.maxSequenceLength }),
  };
}

/** What the schema has let through. */
function isPart(value: unknown): value is LayerPart {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}

/** A part of a layer with what the file leaves out. */
function completed(document: Document, at: string, hiddenSize: number, given: unknown): LayerPart | null {
  if (!isPart(given)) return null;
  const whole = moduleOf(given).complete(given, hiddenSize);
  if (!('message' in whole)) return whole;
  const { key, message, expected } = whole as Flaw;
  throw new InputError({ message, expected, at: document.locate(`${at}/${key}`) });
}
