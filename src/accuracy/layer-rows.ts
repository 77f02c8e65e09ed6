import { validateDocument } from '../catalogue/document.ts';
import { gpuIdOf } from '../catalogue/gpu-names.ts';
import { listGpus } from '../catalogue/gpus.ts';
import { jsonLines } from '../catalogue/json-lines.ts';
import { InputError } from '../domain/input-error.ts';
import { layerTimesSchema } from '../schema/layer-times.ts';
import type { LayerTimes } from './layer-times.ts';

/** The rows of a file of layer times. Throws InputError on a GPU that the catalogue lacks: file, line, name. */
export function readLayerTimes(path: string, text: string): LayerTimes[] {
  const known = new Set(listGpus());
  return jsonLines(path, text).map((line) => {
    const row = validateDocument(line, layerTimesSchema);
    const gpu = known.has(row.gpu) ? row.gpu : gpuIdOf(row.gpu, null);
    if (gpu === null)
      throw new InputError({
        message: `gpu is "${row.gpu}"`,
        expected: 'a GPU of the catalogue (shardwright gpu list)',
        at: line.locate('/gpu'),
      });
    return { ...row, gpu } as unknown as LayerTimes;
  });
}
