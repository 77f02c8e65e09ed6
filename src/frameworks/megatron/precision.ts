import { InputError } from '../../domain/input-error.ts';
import type { MegatronRun } from './run.ts';

/**
 * A precision in Megatron-LM's flags. `fp8` is one scale a tensor, taken from the tensor itself (tensorwise): delayed
 * scaling, the parser's default, refuses to recompute layernorm and moe_act (transformer_config.py@002526d), and
 * Primus-Turbo does not know it (primus/backends/megatron/core/fp8_utils.py@021eddf). Tensorwise takes Transformer
 * Engine 2.2, and 2.6 with those modules.
 */
export const PRECISION = {
  bf16: ['--bf16'],
  fp16: ['--fp16'],
  fp32: [],
  fp8: ['--bf16', '--fp8-format', 'hybrid', '--fp8-recipe', 'tensorwise'],
  mxfp8: ['--bf16', '--fp8-format', 'e4m3', '--fp8-recipe', 'mxfp8'],
  nvfp4: ['--bf16', '--fp4-format', 'e2m1'],
} as const;

/** Recipes that a precision stands for; both of the first have one scale a tensor. */
const RECIPES: Readonly<Record<string, string>> = { delayed: 'fp8', tensorwise: 'fp8', mxfp8: 'mxfp8' };

/** The precision of a run; null: not said. Throws InputError where none stands for its recipe. */
export function precisionOf(run: MegatronRun): string | null {
  if (run.has('--fp4-format')) {
    const recipe = run.word('--fp4-recipe') ?? 'nvfp4';
    return recipe === 'nvfp4' ? 'nvfp4' : unknown(run, '--fp4-recipe', recipe, 'nvfp4');
  }
  if (run.has('--fp8-format')) {
    const recipe = recipeOf(run);
    return RECIPES[recipe] ?? unknown(run, '--fp8-recipe', recipe, 'delayed, tensorwise or mxfp8');
  }
  if (run.has('--bf16')) return 'bf16';
  return run.has('--fp16') ? 'fp16' : null;
}

export function recipeOf(run: MegatronRun): string {
  return run.word('--fp8-recipe') ?? 'delayed';
}

function unknown(run: MegatronRun, flag: string, recipe: string, expected: string): never {
  throw new InputError({
    message: `${flag} ${recipe} is no precision that can be estimated`,
    expected,
    hint: 'Maybe another recipe of about that speed.',
    at: { file: run.file, line: run.line(flag) },
  });
}
