import type { LayerPart } from '../../domain/model.ts';
import { gatedMlp } from './family.ts';
import type { Fields } from './fields.ts';

type MlpOf = (index: number) => { mlp: LayerPart };

/** Dense where the list or the sparse step says so (qwen2_moe). */
export function everyStep(f: Fields, moe: LayerPart): MlpOf {
  const step = f.count('decoder_sparse_step', 1);
  const dense = new Set((f.list('mlp_only_layers') ?? []).map(Number));
  const mlp = f.has('intermediate_size') ? gatedMlp(f) : moe;
  return (i) => ({ mlp: dense.has(i) || (i + 1) % step !== 0 ? mlp : moe });
}

/** The first layers are dense (deepseek), or those that `mlp_layer_types` says. */
export function firstDense(f: Fields, moe: LayerPart, usual = 0): MlpOf {
  const types = f.list('mlp_layer_types');
  const first = f.countOrZero('first_k_dense_replace', usual);
  const step = f.count('moe_layer_freq', 1);
  const layers = f.count('num_hidden_layers');
  if (types !== null && (types.length < layers || types.some((one) => one !== 'dense' && one !== 'sparse')))
    throw f.odd('mlp_layer_types', types, `dense or sparse for each of ${layers} layers`);
  const isDense = (i: number) => (types === null ? i < first || i % step !== 0 : types[i] === 'dense');
  const dense = Array.from({ length: layers }, (_, i) => isDense(i)).some(Boolean) ? gatedMlp(f) : moe;
  return (i) => ({ mlp: isDense(i) ? dense : moe });
}
