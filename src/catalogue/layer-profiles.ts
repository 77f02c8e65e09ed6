import { basename } from 'node:path';
import type { GpuSpec } from '../domain/gpu.ts';
import { InputError } from '../domain/input-error.ts';
import type { LayerPoint, LayerProfile, LayerProfileEntry } from '../domain/layer-profile.ts';
import type { ModelSpec } from '../domain/model.ts';
import { isMoe } from '../layers/layer.ts';
import { type LayerProfileDocument, layerProfileSchema } from '../schema/layer-profile.ts';
import { PROFILE_RANGES } from '../schema/ranges.ts';
import { nearest } from '../units/nearest.ts';
import { type Document, readDocument, validateDocument } from './document.ts';
import { loadGpu } from './gpus.ts';
import { locating } from './locating.ts';
import { quantityAt } from './quantity-at.ts';

type EntryDocument = LayerProfileDocument['entries'][number];

/** A file of measured times, checked against the model and the GPUs that it is for. */
export function loadLayerProfile(
  path: string,
  model: ModelSpec,
  gpus: readonly GpuSpec[] = [],
): LayerProfile {
  const document = readDocument(path);
  const doc = validateDocument(document, layerProfileSchema);
  const entries = doc.entries.map((entry, i) => entryFrom(document, `/entries/${i}`, entry, model, gpus));
  for (const [i, entry] of entries.entries()) refuseRepeated(document, entries, entry, i);
  return { name: doc.name ?? basename(path), entries };
}

function entryFrom(
  document: Document,
  at: string,
  given: EntryDocument,
  model: ModelSpec,
  gpus: readonly GpuSpec[],
): LayerProfileEntry {
  checkPart(document, at, given, model);
  return {
    gpu: gpuOf(document, `${at}/gpu`, given.gpu, gpus),
    part: given.part ?? 'layer',
    layerKind: given.layerKind ?? null,
    precision: given.precision ?? null,
    tensorParallel: given.tensorParallel,
    contextParallel: given.contextParallel ?? 1,
    expertParallel: given.expertParallel ?? 1,
    expertTensorParallel: given.expertTensorParallel ?? 1,
    sequenceLength: given.sequenceLength,
    points: pointsOf(document, at, given),
  };
}

/** The id of a GPU of the cluster, of the catalogue, or of a file. */
function gpuOf(document: Document, pointer: string, name: string, gpus: readonly GpuSpec[]): string {
  const own = gpus.find(({ id }) => id.toLowerCase() === name.toLowerCase());
  return own?.id ?? locating(document, pointer, () => loadGpu(name)).id;
}

function checkPart(document: Document, at: string, given: EntryDocument, model: ModelSpec): void {
  const { part = 'layer', layerKind } = given;
  const refuse = (key: keyof EntryDocument, why: string, expected: string, hint?: string) => {
    throw new InputError({
      message: `${key} is ${JSON.stringify(given[key])}${why}`,
      expected,
      at: document.locate(`${at}/${key}`),
      ...(hint === undefined ? {} : { hint }),
    });
  };
  const names = model.kinds.map(({ name }) => name);
  if (layerKind !== undefined && part !== 'layer')
    refuse('layerKind', `, but the entry is of the ${part}`, 'no kind of layer, or part: layer');
  if (layerKind !== undefined && !names.includes(layerKind)) {
    const near = nearest(layerKind, names);
    const hint = near === undefined ? undefined : `Maybe "${near}".`;
    refuse('layerKind', `, which ${model.name} does not have`, `one of ${names.join(', ')}`, hint);
  }
  const kinds = model.kinds.filter(({ name }) => layerKind === undefined || name === layerKind);
  if (part === 'layer' && isMoe({ kinds })) return;
  const what = part === 'layer' ? `such a layer of ${model.name}` : `the ${part}`;
  for (const key of ['expertParallel', 'expertTensorParallel'] as const)
    if ((given[key] ?? 1) > 1) refuse(key, `, but ${what} has no experts`, '1, or nothing');
}

/** Two entries for one thing: which of them holds nobody could say. */
function refuseRepeated(
  document: Document,
  all: readonly LayerProfileEntry[],
  entry: LayerProfileEntry,
  i: number,
): void {
  const before = all.slice(0, i).findIndex((other) => sameAs(other, entry));
  if (before < 0) return;
  const { part, gpu, tensorParallel, sequenceLength } = entry;
  throw new InputError({
    message: `a second entry for the ${part} on ${gpu} at tensorParallel ${tensorParallel}, sequenceLength ${sequenceLength}: the other is at line ${document.locate(`/entries/${before}`).line}`,
    expected: 'one entry for each, with all its points',
    at: document.locate(`/entries/${i}`),
    hint: 'Maybe another part, layerKind, precision or degree was meant.',
  });
}

/** Without a precision an entry is of any. */
function sameAs(a: LayerProfileEntry, b: LayerProfileEntry): boolean {
  const key = ({ points: _, precision: __, ...others }: LayerProfileEntry) => JSON.stringify(others);
  const precisions = a.precision === null || b.precision === null || a.precision === b.precision;
  return precisions && key(a) === key(b);
}

function pointsOf(document: Document, at: string, entry: EntryDocument): LayerPoint[] {
  const points = entry.points.map((point, j) => {
    const here = `${at}/points/${j}`;
    return {
      microBatch: point.microBatch,
      forwardSeconds: quantityAt(document, `${here}/forward`, point.forward, 'time', PROFILE_RANGES.pass),
      backwardSeconds: quantityAt(document, `${here}/backward`, point.backward, 'time', PROFILE_RANGES.pass),
      savedBytes:
        point.saved === undefined
          ? null
          : quantityAt(document, `${here}/saved`, point.saved, 'bytes', PROFILE_RANGES.saved),
    };
  });
  for (const [j, point] of points.entries())
    if (j > 0) checkOrder(document, `${at}/points/${j}`, points[j - 1]!, point);
  return points;
}

/** Share of its time by which a point may fall below the one before it: launches alone scatter as much. */
const SCATTER = 0.2;

function checkOrder(document: Document, at: string, before: LayerPoint, point: LayerPoint): void {
  if (point.microBatch <= before.microBatch) {
    throw new InputError({
      message: `micro-batch ${point.microBatch} follows ${before.microBatch}`,
      expected: 'points in rising order of micro-batch',
      at: document.locate(`${at}/microBatch`),
    });
  }
  for (const pass of ['forward', 'backward'] as const) {
    const [seconds, earlier] = [point[`${pass}Seconds`], before[`${pass}Seconds`]];
    if (seconds >= earlier * (1 - SCATTER)) continue;
    const ms = (value: number) => `${Number((1e3 * value).toPrecision(4))} ms`;
    throw new InputError({
      message: `${pass} of micro-batch ${point.microBatch} is ${ms(seconds)}, of ${before.microBatch} it is ${ms(earlier)}`,
      expected: 'no less time for more sequences',
      at: document.locate(`${at}/${pass}`),
      hint: 'Maybe one of them is in another unit.',
    });
  }
}
