import { InputError } from '../../domain/input-error.ts';
import type { Located, Source } from '../port/reader.ts';
import { type Keys, LANGUAGE_MODEL, MODELS, TRAINERS } from './bases.ts';
import { type Resolved, resolved } from './variables.ts';

/** An experiment with what its base files set. */
export interface Experiment {
  /** Keys of the base files, and over them those of `overrides`. */
  readonly keys: Keys;
  /** Where in the file a key of `overrides` stands; line 1 for those of base files. */
  line(key: string): number;
  /** Whether the sizes of its model are known: not those of a model's file that is neither Primus's nor beside it. */
  readonly modelKnown: boolean;
  readonly notes: readonly string[];
}

const MODULES = ['pre_trainer', 'post_trainer', 'sft_trainer'];

/** The trainer of an experiment whose back end is torchtitan, and where it stands; null: it is another's. */
export function titanModule(source: Source): { readonly module: Keys; readonly pointer: string } | null {
  const modules = mappingAt(resolved(source.value(), source).value, ['modules']) ?? {};
  const name = MODULES.find((one) => mappingAt(modules, [one]) !== null);
  const module = name === undefined ? null : mappingAt(modules, [name]);
  return module?.framework === 'torchtitan' ? { module, pointer: `/modules/${name}` } : null;
}

/** Throws InputError where the file is no experiment on Megatron-LM, or asks for a variable that nobody gives. */
export function experimentOf(source: Source): Experiment {
  const { path } = source;
  const located = source.value();
  const { value, defaults } = resolved(located, source);
  const modules = mappingAt(value, ['modules']) ?? {};
  const name = MODULES.find((one) => mappingAt(modules, [one, 'overrides']) !== null);
  if (name === undefined)
    throw new InputError({
      message: `${path} has no modules.pre_trainer.overrides`,
      expected: "a Primus experiment with Megatron-LM's arguments under overrides",
      at: located.locate(''),
    });
  const module = mappingAt(modules, [name])!;
  const pointer = `/modules/${name}`;
  if (module.framework !== undefined && module.framework !== 'megatron')
    throw new InputError({
      message: `framework is ${String(module.framework)}`,
      expected: 'megatron or torchtitan: what another back end is told is not read',
      at: located.locate(`${pointer}/framework`),
    });
  const missing: string[] = [];
  const based = (key: 'config' | 'model', known: Readonly<Record<string, Keys>>, usual: Keys): Keys => {
    const file = module[key];
    if (typeof file !== 'string') return usual;
    const found = baseOf(file, known, usual, source, 0);
    if (found === null) missing.push(file);
    return found ?? usual;
  };
  const bases = {
    ...based('config', TRAINERS, TRAINERS.pre_trainer!),
    ...based('model', MODELS, LANGUAGE_MODEL),
  };
  const overrides = mappingAt(module, ['overrides'])!;
  return {
    keys: { ...bases, ...overrides },
    line: (key) => (key in overrides ? (located.locate(`${pointer}/overrides/${key}`).line ?? 1) : 1),
    modelKnown: !missing.includes(String(module.model)),
    notes: [
      ...missing.map(
        (file) => `what ${file} sets is not read: it is none of Primus's that are known, nor beside the file`,
      ),
      ...defaultNotes(defaults),
    ],
  };
}

function defaultNotes(defaults: Resolved['defaults']): string[] {
  const said = [...defaults].map(([variable, value]) => `${variable}=${value}`);
  return said.length === 0 ? [] : [`variables that nobody gave have their defaults: ${said.join(', ')}`];
}

/** Files that extend one another, at most. */
const MOST_DEPTH = 8;

/** A base file by its name, or beside the experiment; null: neither. */
function baseOf(
  file: string,
  known: Readonly<Record<string, Keys>>,
  usual: Keys,
  source: Source,
  depth: number,
): Keys | null {
  const text = depth < MOST_DEPTH ? (source.beside?.(file) ?? null) : null;
  const name = file.replace(/^.*\//, '').replace(/\.ya?ml$/, '');
  if (text === null) return Object.hasOwn(known, name) ? known[name]! : null;
  const own = resolved(source.value(text), source).value;
  const { extends: extended, includes, ...keys } = (mappingAt(own, []) ?? {}) as Record<string, unknown>;
  const others = [extended ?? includes ?? []].flat().map(String);
  const under = others.map((one) => baseOf(one, known, usual, source, depth + 1) ?? usual);
  return Object.assign({}, ...(under.length === 0 ? [usual] : under), keys) as Keys;
}

function mappingAt(value: Located['value'], path: readonly string[]): Record<string, unknown> | null {
  let found: unknown = value;
  for (const key of path) found = (found as Record<string, unknown> | null | undefined)?.[key];
  return typeof found === 'object' && found !== null && !Array.isArray(found)
    ? (found as Record<string, unknown>)
    : null;
}
