import type { StateBytes } from '../domain/stack.ts';
import { type ChosenOptimizer, parseOptimizer } from '../plan-text/optimizer-text.ts';
import type { Row } from './row.ts';

/** Names of publications for what --optimizer calls otherwise. */
const ALIASES: Readonly<Record<string, string>> = {
  adam: 'adamw',
  fusedadam: 'adamw',
  adam8bit: 'adamw-8bit',
  adamw8bit: 'adamw-8bit',
  pagedadamw: 'adamw',
  pagedadamw8bit: 'adamw-8bit',
  pagedlion: 'lion',
};

/** How publications say an option; where the optimizer runs is said by what is offloaded. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\s*\([^)]*CPU\)|\s+on CPU/i, ''],
  [/\s*(bf16|fp16|fp8) m and v/i, 'moments=$1'],
  [/\s*pure bf16/i, 'master=none'],
];

/** As a row names it, or AdamW. Throws on one that nothing estimates. */
export function optimizerOfRow({ config }: Row): ChosenOptimizer {
  const words = WORDS.reduce((text, [word, meant]) => text.replace(word, meant), config.optimizer ?? 'adamw');
  const [name = '', ...options] = words.split(',');
  const bare = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const found = parseOptimizer([ALIASES[bare] ?? name.toLowerCase(), ...options].join(','));
  if ('message' in found) throw new Error(`optimizer ${config.optimizer}: ${found.message}`);
  return found;
}

/**
 * Bytes of a parameter where a row states them. Those of the optimizer are AdamW's, masters included: a master as the stack
 * has it, unless no moments would be left beside it.
 */
export function statesOfRow({ stack: facts }: Row, state: StateBytes): StateBytes {
  const named = { fp16: 2, bf16: 2, fp32: 4, 'fp32+bf16': 6 }[facts?.gradDtype ?? ''];
  const all = facts?.optimizerStateBytes ?? null;
  // What gradients are added up in says nothing of those that a stack keeps beside.
  const beside = named === undefined || named === 4 ? state.bf16Gradients : named;
  const master = all === null || all > state.master + 1 ? state.master : 0;
  return {
    weights: facts?.weightBytes ?? state.weights,
    gradients: facts?.gradientBytes ?? named ?? state.gradients,
    ...(state.bf16Gradients === undefined || beside === undefined
      ? {}
      : { bf16Gradients: facts?.gradientBytes ?? beside }),
    master,
    moment: all === null ? state.moment : (all - master) / 2,
  };
}
