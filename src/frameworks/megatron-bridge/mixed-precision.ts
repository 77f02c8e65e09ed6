import { InputError, type Location } from '../../domain/input-error.ts';
import { nearest } from '../../units/nearest.ts';
import type { Flag } from '../megatron/flags.ts';

/** Flags of Megatron-LM that Bridge says by one field. */
export const PRECISION_FLAGS = ['--bf16', '--fp16', '--fp8-format', '--fp8-recipe', '--fp4-format'] as const;
type Meaning = Partial<Readonly<Record<(typeof PRECISION_FLAGS)[number], string>>>;

const TENSORWISE: Meaning = { '--fp8-format': 'hybrid', '--fp8-recipe': 'tensorwise' };
const BLOCKWISE: Meaning = { '--fp8-format': 'hybrid', '--fp8-recipe': 'blockwise' };

/**
 * Recipes that set 16 bits beside what they are named for, `bf16_with_…` and `fp16_with_…`
 * (src/megatron/bridge/training/mixed_precision.py@0509780; nvfp4 is newer). Current scaling leaves the first and the
 * last layer in 16 bits, and all but subchannel scaling keep the parameters in fp8: a recipe given by its name takes no
 * override of a single field. Estimates count neither: all layers in fp8, parameters gathered in 16 bits.
 */
const WITH: Readonly<Record<string, Meaning>> = {
  fp8_current_scaling_mixed: TENSORWISE,
  fp8_delayed_scaling_mixed: { '--fp8-format': 'hybrid', '--fp8-recipe': 'delayed' },
  fp8_subchannel_scaling_mixed: BLOCKWISE,
  mxfp8_mixed: { '--fp8-format': 'e4m3', '--fp8-recipe': 'mxfp8' },
  nvfp4_mixed: { '--fp4-format': 'e2m1' },
};

/** Recipes by name, that of their function; the first with a meaning is the one to write. */
const RECIPES: ReadonlyMap<string, Meaning> = new Map([
  ['bf16_mixed', { '--bf16': '' }],
  ['fp16_mixed', { '--fp16': '' }],
  ...['bf16', 'fp16'].flatMap((base) =>
    Object.entries(WITH).map(
      ([name, meaning]) => [`${base}_with_${name}`, { [`--${base}`]: '', ...meaning }] as const,
    ),
  ),
  ['nanov2_bf16_with_fp8_current_scaling_mixed', { '--bf16': '', ...BLOCKWISE }],
]);

/** The recipe that means what the flags say; null: none does. */
export function recipeFor(flags: ReadonlyMap<string, Flag>): string | null {
  const said = (name: string) => flags.get(name)?.values[0] ?? (flags.has(name) ? '' : undefined);
  const found = [...RECIPES].find(([, meaning]) =>
    PRECISION_FLAGS.every((name) => said(name) === meaning[name]),
  );
  return found?.[0] ?? null;
}

/** A model's own recipes are named for the one they change in some layers: `nemotron_h_bf16_with_…`. */
const BASE = /(?:bf|fp)16_(?:with_\w+_)?mixed$/;

/** Flags with their words; recipes are registered with hyphens too. Throws InputError where Bridge knows none of that name. */
export function flagsOfRecipe(recipe: string, at: Location): [flag: string, words: string[]][] {
  const name = recipe.replaceAll('-', '_');
  const meaning = RECIPES.get(name) ?? RECIPES.get(BASE.exec(name)?.[0] ?? '');
  if (meaning !== undefined)
    return Object.entries(meaning).map(([flag, word]) => [flag, word === '' ? [] : [word]]);
  const names = [...RECIPES.keys()];
  const near = nearest(recipe, names);
  throw new InputError({
    message: `mixed_precision is "${recipe}"`,
    expected: names.join(', '),
    ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
    at,
  });
}
