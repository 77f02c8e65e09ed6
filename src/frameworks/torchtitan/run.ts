import { InputError } from '../../domain/input-error.ts';
import { isKind, type Value } from '../../foreign/python/value.ts';
import type { Assigned, RecipeAssignments } from './assignments.ts';
import { BASES, defaultsOf, type TitanBase } from './bases.ts';
import { classOf } from './made.ts';
import { type ModelParts, PARTS, partsOf, SPLIT_POINTS, splitAt } from './parts.ts';
import { MODELS, type TitanModel } from './registry.ts';

/** What a torchtitan recipe asks for, as far as it is literal; what it leaves out is as the function it starts from has it. */
export interface TitanRun {
  readonly file: string;
  readonly base: TitanBase | null;
  /** null: none that is known. */
  readonly model: TitanModel | null;
  readonly parts: ModelParts | null;
  readonly paths: readonly string[];
  /** The file itself sets it. */
  sets(path: string): boolean;
  at(path: string): Value | undefined;
  word(path: string): string | null;
  /** Throws InputError where the value is no literal whole number above zero. */
  count(path: string): number | null;
  line(path: string): number;
}

/** Fields that later versions renamed. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['parallelism.pipeline_parallel_module_fqns_per_model_part', PARTS],
]);

/** From what a recipe assigns, or a job in TOML. Throws InputError where that is nothing of parallelism and training. */
export function titanRun(recipe: RecipeAssignments, file: string): TitanRun {
  const { base: name, length, fields: all, names } = recipe;
  const fields = new Map([...all].map(([path, assigned]) => [RENAMED.get(path) ?? path, assigned]));
  const base = name !== null && Object.hasOwn(BASES, name) ? BASES[name]! : null;
  if (base === null && ![...fields.keys()].some((path) => /^(parallelism|training)\./.test(path)))
    throw new InputError({
      message: `${file} sets nothing of a configuration's parallelism or training`,
      expected: 'a torchtitan recipe, such as c.parallelism.tensor_parallel_degree = 8',
      at: { file, line: 1 },
    });
  const defaults = defaultsOf(base, lengthOf(length, file), (section) => fields.has(section));
  const at = (path: string) => (fields.has(path) ? fields.get(path)!.value : defaults.get(path));
  const line = (path: string) => fields.get(path)?.line ?? 1;
  const model =
    at(NAME) === undefined ? modelOf(base, at('model_spec')) : namedModel(at(NAME), at('model.flavor'));
  return {
    file,
    base,
    model,
    parts:
      fields.has(PARTS) && at(PARTS) !== null
        ? partsOf(at(PARTS), names, { file, line: line(PARTS) })
        : splitAt(at(SPLIT_POINTS), model?.layers ?? null),
    paths: [...all.keys()],
    sets: (path) => fields.has(path),
    at,
    line,
    word: (path) => (typeof at(path) === 'string' ? (at(path) as string) : null),
    count(path) {
      const value = at(path);
      if (value === null || value === -1 || (value === undefined && !fields.has(path))) return null;
      if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
      throw new InputError({
        message: `${path} is ${isLiteral(value) ? JSON.stringify(value) : 'not literal'}`,
        expected: 'a whole number above zero, or a product of some',
        at: { file, line: line(path) },
      });
    },
  };
}

function lengthOf(asked: Assigned | null, file: string): number | null {
  if (asked === null) return null;
  if (typeof asked.value === 'number') return asked.value;
  throw new InputError({
    message: 'seq_len is not literal',
    expected: 'a whole number above zero, or a product of some',
    at: { file, line: asked.line },
  });
}

/** A plain value, or a list of such. */
function isLiteral(value: Value | undefined): boolean {
  return Array.isArray(value) ? value.every(isLiteral) : typeof value !== 'object' || value === null;
}

/** Of a job in TOML. */
const NAME = 'model.name';
/** Llama 3 had no number at first, and other names of the same sizes. */
const FAMILIES: Readonly<Record<string, TitanModel['family']>> = { llama: 'llama3' };

function namedModel(name: Value | undefined, flavor: Value | undefined): TitanModel | null {
  const family = FAMILIES[String(name)] ?? name;
  const plain = String(flavor).replace(/_(?:flex|varlen)(?:_attn)?$/, '');
  return MODELS.find((one) => one.family === family && one.flavor === plain) ?? null;
}

/** The model of the base, or the flavor that the file puts in its place: `model_registry("8B")`. */
function modelOf(base: TitanBase | null, spec: Value | undefined): TitanModel | null {
  const made = isKind(spec, 'made') && classOf(spec) !== null ? spec : null;
  const from = made !== null && isKind(made.by, 'named') ? made.by.module : null;
  const family = /^torchtitan\.models\.(\w+)/.exec(from ?? '')?.[1] ?? base?.family;
  const flavor = made === null ? base?.flavor : made.args[0];
  return MODELS.find((one) => one.family === family && one.flavor === flavor) ?? null;
}
