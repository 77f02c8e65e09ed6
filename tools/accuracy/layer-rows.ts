import { gpuIdOf } from '../../src/catalogue/gpu-names.ts';
import { listGpus } from '../../src/catalogue/gpus.ts';
import type { LayerTimes } from './layer-times.ts';

/** The rows of a file of layer times. Throws on a GPU that the catalogue lacks: file, line, name. */
export function readLayerTimes(path: string, text: string): LayerTimes[] {
  const known = new Set(listGpus());
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const row = JSON.parse(line) as LayerTimes;
    const gpu = known.has(row.gpu) ? row.gpu : gpuIdOf(row.gpu, null);
    if (gpu === null) throw new Error(`${path}:${i + 1}: unknown GPU "${row.gpu}"`);
    return [{ ...row, gpu }];
  });
}
