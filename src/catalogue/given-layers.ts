import { InputError } from '../domain/input-error.ts';
import { type LayerKind, MOST_LAYERS, type ModelSpec } from '../domain/model.ts';
import type { GivenLayer } from '../layers/whole/given.ts';
import type { OwnModelDocument } from '../schema/model.ts';
import { GIVEN_RANGES } from '../schema/ranges.ts';
import type { Document } from './document.ts';
import { listGpus } from './gpus.ts';
import { quantityAt } from './quantity-at.ts';

type Run = OwnModelDocument['layers'][number];
type Given = NonNullable<Run['given']>;

/** What a file may state beside such layers: all else is of decoders. */
const BESIDE = new Set(['schema', 'name', 'source', 'layers']);

/** Whether a model is a list of layers by their figures. */
export function isGiven({ layers }: OwnModelDocument): boolean {
  return layers.some(({ given }) => given !== undefined);
}

/** A network of any kind as the layers that a pipeline is cut between: no embedding, no head, no sequences. */
export function givenModel(document: Document, doc: OwnModelDocument, name: string): ModelSpec {
  const odd = Object.keys(doc).find((key) => !BESIDE.has(key));
  if (odd !== undefined)
    throw new InputError({
      message: `${odd} beside layers given by their figures`,
      expected: 'no such key: it is of decoders; embedding and head are layers like others',
      at: document.locate(`/${odd}`),
    });
  const kinds: LayerKind[] = [];
  const kindOf = (named: string, mixer: GivenLayer): number => {
    const one = { name: named, mixer, ffn: null };
    const same = kinds.findIndex((kind) => JSON.stringify(kind) === JSON.stringify(one));
    return same >= 0 ? same : kinds.push(one) - 1;
  };
  const layers: number[] = [];
  let before: number | null = null;
  for (const [i, run] of doc.layers.entries()) {
    if (layers.length + run.count > MOST_LAYERS)
      throw new InputError({
        message: `${layers.length + run.count} layers`,
        expected: `${MOST_LAYERS} at most`,
        at: document.locate(`/layers/${i}/count`),
      });
    const named = run.name ?? `layer-${i}`;
    const first = layerOf(document, i, run, before);
    before = first.outputBytes;
    layers.push(kindOf(named, first));
    // Those after the first of a run read what it passes on.
    const next = { ...first, inputBytes: before };
    for (let n = 1; n < run.count; n++) layers.push(kindOf(named, next));
  }
  return {
    name,
    family: 'given',
    unit: 'samples',
    ...{ hiddenSize: 0, vocabSize: 0, tiedEmbeddings: false, learnedPositions: 0, mtpLayers: 0 },
    norm: { kind: 'layer', perLayer: 0 },
    kinds,
    layers,
  };
}

function layerOf(document: Document, i: number, run: Run, before: number | null): GivenLayer {
  const at = `/layers/${i}`;
  const { given } = run;
  const odd = Object.keys(run).find((key) => !['count', 'name', 'given'].includes(key));
  if (given === undefined || odd !== undefined)
    throw new InputError({
      message: given === undefined ? 'a layer without given among those that have it' : `${odd} beside given`,
      expected: 'given alone: decoder layers and layers given by their figures do not stand in one model',
      at: document.locate(odd === undefined ? at : `${at}/${odd}`),
    });
  const bytes = (key: 'saved' | 'output' | 'moved' | 'input', text: string) =>
    quantityAt(document, `${at}/given/${key}`, text, 'bytes', GIVEN_RANGES.bytes);
  const times = timesOf(document, `${at}/given/times`, given);
  if (Object.keys(times).length === 0 && (given.flops ?? 0) === 0)
    throw new InputError({
      message: 'a layer with neither times nor flops',
      expected: 'times: { a100-80-sxm: { forward: 1.2 ms, backward: 2.4 ms } }, or flops of one sample',
      at: document.locate(`${at}/given`),
    });
  return {
    kind: 'given',
    parameters: given.parameters,
    flops: given.flops ?? 0,
    movedBytes: given.moved === undefined ? 0 : bytes('moved', given.moved),
    launches: given.launches ?? 0,
    times,
    inputBytes: inputOf(document, at, given, before, bytes),
    savedBytes: bytes('saved', given.saved),
    outputBytes: bytes('output', given.output),
  };
}

/** What the layer before passes on; the first states its own. */
function inputOf(
  document: Document,
  at: string,
  { input }: Given,
  before: number | null,
  bytes: (key: 'input', text: string) => number,
): number {
  if (before === null && input !== undefined) return bytes('input', input);
  if (before === null)
    throw new InputError({
      message: 'missing key "input"',
      expected: 'what the first layer reads, of one sample: "0.6 MB"',
      at: document.locate(`${at}/given`),
    });
  if (input === undefined) return before;
  throw new InputError({
    message: `input is "${input}" behind the first layer`,
    expected: 'left out: a layer reads the output of the one before',
    at: document.locate(`${at}/given/input`),
  });
}

function timesOf(document: Document, at: string, { times }: Given): GivenLayer['times'] {
  return Object.fromEntries(
    Object.entries(times ?? {}).map(([gpu, { forward, backward }]) => {
      if (!listGpus().includes(gpu))
        throw new InputError({
          message: `times of "${gpu}"`,
          expected: 'ids of GPUs (shardwright gpu list)',
          at: document.locate(`${at}/${gpu}`),
        });
      const seconds = (key: string, text: string) =>
        quantityAt(document, `${at}/${gpu}/${key}`, text, 'time', GIVEN_RANGES.pass);
      return [gpu, { forward: seconds('forward', forward), backward: seconds('backward', backward) }];
    }),
  );
}
