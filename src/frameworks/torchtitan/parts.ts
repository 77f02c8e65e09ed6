import { InputError } from '../../domain/input-error.ts';
import type { Scope, Value } from '../../foreign/python/value.ts';
import { nearest } from '../../units/nearest.ts';
import { bad } from '../reading/file-rule.ts';

export const PARTS = 'parallelism.module_fqns_per_model_part';

/** The first layer of each stage but the first, as it was said before. */
export const SPLIT_POINTS = 'parallelism.pipeline_parallel_split_points';

/** How a recipe cuts the model. */
export interface ModelParts {
  /** Layers of each part, in layer order. */
  readonly layers: readonly number[];
  /** Modules of each part; null: they are built in a loop. */
  readonly modules: readonly (readonly string[])[] | null;
}

const FIRST = ['tok_embeddings'];
const LAST = ['norm', 'lm_head'];
/** The head's name before it was lm_head. */
const FORMER = { output: 'lm_head' } as const;

/** Lists of module names; or, where the parts are built in a loop, the one list of numbers it runs over. */
export function partsOf(
  value: Value | undefined,
  names: Scope,
  at: { readonly file: string; readonly line: number },
): ModelParts {
  const modules = modulesOf(value);
  if (modules !== null)
    return {
      layers: modules.map((part) => part.filter((name) => name.startsWith('layers.')).length),
      modules,
    };
  const lists = [...names.values()].filter(
    (one): one is readonly number[] =>
      Array.isArray(one) && one.length > 0 && one.every((n) => typeof n === 'number'),
  );
  if (lists.length === 1) return { layers: lists[0]!, modules: null };
  throw new InputError({
    message: `${PARTS} is not literal`,
    expected:
      'lists of module names, or one list of the layers of each part, such as split = [12, 12, 28, 28]',
    at,
  });
}

/** `["layers.12", "layers.24"]` cuts three parts; null: it cuts none, or the layers are not known. */
export function splitAt(value: Value | undefined, layers: number | null): ModelParts | null {
  if (!Array.isArray(value) || value.length === 0 || layers === null) return null;
  const starts = value.map((name) => Number(/^layers\.(\d+)$/.exec(String(name))?.[1]));
  const ends = [...starts, layers];
  const counts = ends.map((end, i) => end - (i === 0 ? 0 : ends[i - 1]!));
  return counts.every((count) => count > 0) ? { layers: counts, modules: null } : null;
}

function modulesOf(value: Value | undefined): string[][] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const all = (part: Value): part is readonly string[] =>
    Array.isArray(part) && part.length > 0 && part.every((name) => typeof name === 'string');
  return value.every(all) ? value.map((part) => [...part]) : null;
}

/** The first module that stands twice, out of order, in the wrong part or nowhere; null: all is well. */
export function misplaced({ layers, modules }: ModelParts, modelLayers: number | null) {
  const count = (n: number) =>
    modelLayers === null || n === modelLayers
      ? null
      : bad(`${n} layers in the parts`, `the ${modelLayers} of the model`, 'Correct the parts.');
  if (modules === null) return count(layers.reduce((a, b) => a + b, 0));
  const last = modules.length - 1;
  let next = 0;
  for (const [i, part] of modules.entries()) {
    for (const name of part) {
      const layer = /^layers\.(\d+)$/.exec(name);
      if (layer !== null) {
        if (Number(layer[1]) !== next)
          return bad(`${name} in part ${i}`, `layers.${next} next`, 'Name each layer once, in order.');
        next += 1;
      } else if (FIRST.includes(name)) {
        if (i !== 0) return bad(`${name} in part ${i}`, 'the first part', 'Move it to part 0.');
      } else if (LAST.includes(name)) {
        if (i !== last) return bad(`${name} in part ${i}`, 'the last part', `Move it to part ${last}.`);
      } else return unknown(name);
    }
  }
  const missing = [...FIRST, ...LAST].find((name) => !modules.some((part) => part.includes(name)));
  return missing === undefined
    ? count(next)
    : bad(`no ${missing} in the parts`, 'every module in one', 'Add it.');
}

function unknown(name: string) {
  const known = [...FIRST, ...LAST];
  const near = name in FORMER ? FORMER[name as keyof typeof FORMER] : nearest(name, known);
  const hint = near === undefined ? 'Leave it out.' : `Maybe ${near}.`;
  return bad(`unknown module ${name}`, `layers.N, ${known.join(', ')}`, hint);
}
