import { basename } from 'node:path';
import { InputError } from '../domain/input-error.ts';
import type { LayerProfile } from '../domain/layer-profile.ts';
import type { ModelSpec } from '../domain/model.ts';
import { type LayerProfileDocument, layerProfileSchema } from '../schema/layer-profile.ts';
import { type Document, readDocument, validateDocument } from './document.ts';
import { loadGpu } from './gpus.ts';
import { quantityAt } from './quantity-at.ts';

/** A file of measured layer times, checked against the model it is for. */
export function loadLayerProfile(path: string, model: ModelSpec): LayerProfile {
  const document = readDocument(path);
  const doc = validateDocument(document, layerProfileSchema);
  const kinds = model.kinds.map((kind) => kind.name);
  const entries = doc.entries.map((entry, i) => {
    loadGpu(entry.gpu);
    if (entry.layerKind !== undefined && !kinds.includes(entry.layerKind)) {
      throw new InputError({
        message: `layerKind is "${entry.layerKind}", which ${model.name} does not have`,
        expected: `one of ${kinds.join(', ')}`,
        at: document.locate(`/entries/${i}/layerKind`),
      });
    }
    return {
      gpu: entry.gpu,
      tensorParallel: entry.tensorParallel,
      sequenceLength: entry.sequenceLength,
      layerKind: entry.layerKind ?? null,
      points: pointsOf(document, entry, i),
    };
  });
  return { name: doc.name ?? basename(path), entries };
}

function pointsOf(document: Document, entry: LayerProfileDocument['entries'][number], i: number) {
  const points = entry.points.map((point, j) => {
    const at = `/entries/${i}/points/${j}`;
    return {
      microBatch: point.microBatch,
      forwardSeconds: quantityAt(document, `${at}/forward`, point.forward, 'time'),
      backwardSeconds: quantityAt(document, `${at}/backward`, point.backward, 'time'),
      savedBytes:
        point.saved === undefined ? null : quantityAt(document, `${at}/saved`, point.saved, 'bytes'),
    };
  });
  for (const [j, point] of points.entries()) {
    if (j > 0 && point.microBatch <= points[j - 1]!.microBatch) {
      throw new InputError({
        message: `micro-batch ${point.microBatch} follows ${points[j - 1]!.microBatch}`,
        expected: 'points in rising order of micro-batch',
        at: document.locate(`/entries/${i}/points/${j}/microBatch`),
      });
    }
  }
  return points;
}
