import type { ModelSpec } from '../../domain/model.ts';
import { isLlama, type LlamaSizes } from '../laws/llama-sizes.ts';
import { no, type ProblemRule } from '../laws/rule.ts';

/** Llamas of Zorse's hub (models/llama_simple.py); the vocabulary is the configuration's. */
export const ZORSE_MODELS: Readonly<Record<string, LlamaSizes>> = {
  deepspeedllama_tiny: sizes(2048, 5632, 22, 32),
  deepspeedllama_3b: sizes(3200, 8640, 26, 32),
  deepspeedllama_7b: sizes(4096, 11008, 32, 32),
  deepspeedllama_13b: sizes(5120, 13824, 40, 40),
  deepspeedllama_33b: sizes(6656, 17920, 60, 52),
  deepspeedllama_65b: sizes(8192, 22016, 80, 64),
};

function sizes(hiddenSize: number, ffnHiddenSize: number, layers: number, heads: number): LlamaSizes {
  return { hiddenSize, ffnHiddenSize, layers, heads, kvHeads: heads };
}

export function modelName(model: ModelSpec): string | null {
  return Object.entries(ZORSE_MODELS).find(([, one]) => isLlama(model, one))?.[0] ?? null;
}

/** Names that get_model takes, in any case (models/hub.py@105c41a, and Cephalo's @a8c75d3). */
export const HUB = /^(gpt|llama|bert|opt|vit|mistral|toygpt|deepspeed(gpt|llama|bert|vit|mistral))/i;

export const ofItsHub: ProblemRule = ({ model }) =>
  modelName(model) === null
    ? no('model-hub', model.name, `a Llama of ${Object.keys(ZORSE_MODELS).join(', ')}`)
    : null;
