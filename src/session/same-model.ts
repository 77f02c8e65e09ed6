import { InputError } from '../domain/input-error.ts';
import type { ModelSpec } from '../domain/model.ts';
import { sizesOf } from '../frameworks/laws/model-facts.ts';
import type { Asked, ModelFacts } from '../frameworks/port/reader.ts';

const WORDS: Readonly<Record<keyof ModelFacts, string>> = {
  heads: 'heads',
  queryGroups: 'query groups',
  headDim: 'head size',
  ffnHiddenSize: 'MLP width',
  experts: 'experts',
  expertsPerToken: 'experts a token',
  expertFfnHiddenSize: 'expert width',
  vocabulary: 'vocabulary',
  gated: 'gated MLP',
  tiedEmbeddings: 'tied embeddings',
};

/** Rows that padding adds to a vocabulary: 128 for each of eight tensor-parallel ranks. */
const PADDING = 1024;

/** A launch file of another model is no launch file of this one. Throws InputError with every difference. */
export function refuseOtherModel(path: string, asked: Asked, model: ModelSpec): void {
  const known = sizesOf(model);
  const sizes: [what: string, stated: number | null, is: readonly number[]][] = [
    ['layers', asked.layers, [model.layers.length]],
    ['hidden size', asked.hiddenSize, [model.hiddenSize]],
  ];
  const differences = sizes.flatMap(([what, stated, is]) =>
    stated === null || is.includes(stated) ? [] : [[what, stated, is] as const],
  );
  const others = (Object.keys(WORDS) as (keyof ModelFacts)[]).flatMap((key) => {
    const [stated, is] = [asked.model?.[key], known[key]];
    if (stated === undefined || is === undefined || is.length === 0 || meets(key, stated, is)) return [];
    return [[WORDS[key], stated, is] as const];
  });
  const all = [...differences, ...others];
  if (all.length === 0) return;
  throw new InputError({
    message: `${path} is for a model with ${all.map(([what, stated]) => `${what} ${word(stated)}`).join(', ')}`,
    expected: `${all.map(([what, , is]) => `${what} ${is.map(word).join(' or ')}`).join(', ')}, as ${model.name} has`,
    hint: 'Maybe another model.',
  });
}

function meets(key: keyof ModelFacts, stated: number | boolean, is: readonly (number | boolean)[]): boolean {
  return key === 'vocabulary'
    ? is.some((rows) => Math.abs(Number(rows) - Number(stated)) <= PADDING)
    : is.includes(stated);
}

const word = (value: number | boolean) =>
  typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
