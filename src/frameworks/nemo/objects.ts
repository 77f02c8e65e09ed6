import { isKind, type Made, type Value } from '../../foreign/python/value.ts';
import { type Fields, nameOf, RECIPES, type RecipeKind, recipeFields, type Stated } from './recipe-calls.ts';

/** What a program makes, and what it sets of that afterwards. */
export interface Objects {
  /** `object.path = value`, whatever was there before. */
  set(object: Made, path: string, stated: Stated): void;
  /** One more in a list of the object. */
  add(object: Made, path: string, stated: Stated): void;
  /** What a call of the file's own function gave. */
  is(call: Made, given: Value): void;
  /** The object that a call stands for: of the file's own function, what it gave. */
  behind(value: Value): Value;
  fields(object: Made): Fields;
}

/** Functions that give a precision plugin, by the recipe of fp8 that theirs has (recipes/precision/mixed_precision.py@8cfedd7). */
const PLUGINS: Readonly<Record<string, { readonly fp8?: string; readonly gather?: boolean }>> = {
  mixed: {},
  with_fp8_mixed: { fp8: 'delayed', gather: true },
  with_mxfp8_mixed: { fp8: 'mxfp8', gather: true },
  with_fp8_current_scaling_mixed: { fp8: 'tensorwise', gather: true },
  with_fp8_subchannel_scaling_mixed: { fp8: 'blockwise', gather: false },
};
const PLUGIN = /^(?:nemotron_h_|nanov2_)?(bf|fp)16_(\w+)$/;

export function objectsOf(file: string): Objects {
  const later = new Map<Made, { path: string; stated: Stated; more: boolean }[]>();
  const given = new Map<Made, Value>();
  function note(object: Made, path: string, stated: Stated, more: boolean): void {
    const own = behind(object);
    if (isKind(own, 'made')) later.set(own, [...(later.get(own) ?? []), { path, stated, more }]);
  }

  function behind(value: Value): Value {
    const found = isKind(value, 'made') ? given.get(value) : undefined;
    return found === undefined || found === value ? value : behind(found);
  }

  function fields(object: Made): Fields {
    const own = behind(object);
    const it = isKind(own, 'made') ? own : object;
    const found = made(it);
    for (const { path, stated, more } of later.get(it) ?? []) {
      if (!more) clear(found, path);
      put(found, more ? `${path}.${found.size}` : path, stated);
    }
    return found;
  }

  function made(object: Made): Map<string, Stated> {
    const found = new Map<string, Stated>();
    const { by, args, keywords, line } = object;
    const name = nameOf(by);
    const kind = RECIPES.find((one) => one === name);
    if (kind !== undefined) return new Map(recipeFields(moduleOf(by), kind, object, file));
    const plugin = pluginOf(name, line);
    if (plugin !== null) return plugin;
    if (name === 'trainer' || name === 'model') {
      const part = ofRecipe(moduleOf(by), name, object);
      if (part !== null) return part;
    }
    const configured = name === 'Config' || name === 'Partial';
    const type = configured ? nameOf(args[0] ?? null) : name;
    if (type !== null) found.set('@', { value: type, line });
    const rest = configured ? args.slice(1) : args;
    if (TRAINS.includes(type ?? ''))
      for (const [i, value] of rest.entries()) put(found, POSITIONS[i] ?? 'more', { value, line });
    const [first] = TRAINS.includes(type ?? '') ? [] : rest;
    if (first !== undefined && isKind(behind(first), 'made')) put(found, 'config', { value: first, line });
    for (const [key, value] of keywords) put(found, key, { value, line });
    return found;
  }

  /** `llm.llama3_8b.trainer(…)`: of its recipe, what stands under that name. */
  function ofRecipe(module: string, part: string, call: Made): Map<string, Stated> | null {
    if (module === '') return null;
    const whole = recipeFields(module, 'pretrain_recipe', call, file);
    return new Map(
      [...whole].flatMap(([path, stated]) =>
        path.startsWith(`${part}.`) ? [[path.slice(part.length + 1), stated] as const] : [],
      ),
    );
  }

  function put(found: Map<string, Stated>, path: string, { value, line }: Stated): void {
    const it = behind(value);
    if (isKind(it, 'made'))
      for (const [inner, one] of fields(it)) found.set(inner === '@' ? `${path}@` : `${path}.${inner}`, one);
    else if (Array.isArray(it) && it.some((one: Value) => isKind(behind(one), 'made')))
      for (const [i, one] of it.entries())
        put(found, it.length === 1 && path.endsWith('plugins') ? path : `${path}.${i}`, { value: one, line });
    else found.set(path, { value: it, line });
  }

  return {
    set: (object, path, stated) => note(object, path, stated, false),
    add: (object, path, stated) => note(object, path, stated, true),
    is: (call, value) => given.set(call, value),
    behind,
    fields,
  };
}

function clear(found: Map<string, Stated>, path: string): void {
  for (const key of [...found.keys()])
    if (key === path || key.startsWith(`${path}.`) || key.startsWith(`${path}@`)) found.delete(key);
}

function pluginOf(name: string | null, line: number): Map<string, Stated> | null {
  const [, base, rest = ''] = PLUGIN.exec(name ?? '') ?? [];
  const meant = PLUGINS[rest];
  if (base === undefined || meant === undefined) return null;
  const { fp8, gather } = meant;
  const said: [string, Value][] = [
    ['@', 'MegatronMixedPrecision'],
    ['precision', base === 'bf' ? 'bf16-mixed' : '16-mixed'],
    ['grad_reduce_in_fp32', base === 'bf'],
    ...(fp8 === undefined
      ? []
      : ([
          ['fp8', 'hybrid'],
          ['fp8_recipe', name!.startsWith('nanov2') ? 'blockwise' : fp8],
          ['fp8_param_gather', gather!],
        ] as [string, Value][])),
  ];
  return new Map(said.map(([key, value]) => [key, { value, line }]));
}

/** `llama3_8b` of `llm.llama3_8b.pretrain_recipe`, or of `from nemo.collections.llm.recipes.llama3_8b import pretrain_recipe`; '': none. */
function moduleOf(by: Value): string {
  if (isKind(by, 'field')) return nameOf(by.of) ?? '';
  return isKind(by, 'named') ? (by.module?.split('.').at(-1) ?? '') : '';
}

const TRAINS = ['pretrain', 'finetune', 'train'];
/** Their arguments (nemo/collections/llm/api.py@8cfedd7). */
const POSITIONS = ['model', 'data', 'trainer'];

/** A configuration of a whole run: `llm.….pretrain_recipe()`, `run.Partial(llm.pretrain, …)`, or the training itself, `llm.train(…)`. */
export function isRun(value: Value): value is Made {
  if (!isKind(value, 'made')) return false;
  const name = nameOf(value.by) ?? '';
  if ((RECIPES as readonly (RecipeKind | string)[]).includes(name)) return true;
  const [first] = value.args;
  if (/^(Config|Partial|partial)$/.test(name)) return TRAINS.includes(nameOf(first ?? null) ?? '');
  return TRAINS.includes(name) && (value.keywords.has('trainer') || value.args.length === POSITIONS.length);
}
