import type { ModelSpec } from '../../domain/model.ts';
import { isLlama } from '../laws/llama-sizes.ts';

/** Sequence length and vocabulary that its llama_train.py and Llama configuration fix. */
export const SEQUENCE_LENGTH = 4096;
const VOCABULARY = 32000;

/** Hidden size, MLP size (8/3 of it, in steps of 256) and heads of each --model_size; the layers are a flag of their own. */
export const HEXISCALE_MODELS: Readonly<
  Record<string, readonly [hiddenSize: number, ffn: number, heads: number]>
> = {
  'llama-7b': [4096, 11008, 32],
  'llama-13b': [5120, 13824, 40],
  'llama-30b': [6656, 17920, 52],
  'llama-70b': [8192, 22016, 64],
};

export function modelSize(model: ModelSpec): string | null {
  if (model.vocabSize !== VOCABULARY) return null;
  const found = Object.entries(HEXISCALE_MODELS).find(([, [hiddenSize, ffnHiddenSize, heads]]) =>
    isLlama(model, { hiddenSize, ffnHiddenSize, heads, kvHeads: heads, layers: model.layers.length }),
  );
  return found?.[0] ?? null;
}
