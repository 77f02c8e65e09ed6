import type { OptimizerOptions, Workload } from '../domain/workload.ts';
import { OPTIMIZERS, optimizerOf } from '../optimizers/index.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import { nearest } from '../units/nearest.ts';

/** What a workload says of its optimizer. */
export type ChosenOptimizer = Pick<Workload, 'optimizer' | 'optimizerOptions'>;

/** What is wrong with a text that names none. */
export interface NoOptimizer {
  readonly message: string;
  readonly expected: string;
  readonly hint?: string;
}

/** `muon`, or with options after it: `adamw,moments=bf16,master=fp16`. */
export function parseOptimizer(text: string): ChosenOptimizer | NoOptimizer {
  const [id = '', ...options] = text.split(',').map((part) => part.trim());
  const ids = OPTIMIZERS.map((one) => one.id);
  if (!ids.includes(id)) return unknown(id, ids);
  return withOptions(optimizerOf(id), options.map(pairOf));
}

function pairOf(part: string): readonly [string, string] {
  const at = part.indexOf('=');
  return at < 0 ? [part, ''] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
}

/** The options that say other than is usual, in the optimizer's own order. */
function withOptions(
  { id, options: known }: Optimizer,
  pairs: readonly (readonly [string, string])[],
): ChosenOptimizer | NoOptimizer {
  const said = new Map<string, string>();
  for (const [key, value] of pairs) {
    const option = known[key];
    if (option === undefined) return unknown(key, Object.keys(known), `option of ${id}`);
    if (said.has(key)) return { message: `${key} stands twice`, expected: 'each option once' };
    const parts = value.split('/');
    if (parts.length > (option.pair === true ? 2 : 1))
      return { message: `${key} is "${value}"`, expected: expectedOf(option) };
    const odd = parts.find((part) => !option.values.includes(part));
    if (odd !== undefined) return { ...unknown(odd, option.values, key), expected: expectedOf(option) };
    said.set(key, parts[0] === parts[1] ? parts[0]! : value);
  }
  const entries = Object.keys(known).flatMap((key) => {
    const value = said.get(key);
    return value === undefined || value === known[key]!.usual ? [] : [[key, value] as const];
  });
  return entries.length === 0
    ? { optimizer: id }
    : { optimizer: id, optimizerOptions: Object.fromEntries(entries) };
}

function expectedOf({ values, pair }: Optimizer['options'][string]): string {
  return `${values.join(', ')}${pair === true ? ', or two of them as first/second' : ''}`;
}

function unknown(text: string, among: readonly string[], what = 'optimizer'): NoOptimizer {
  const near = nearest(text, among);
  return {
    message: `no ${what} is "${text}"`,
    expected: `one of ${among.join(', ')}`,
    ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
  };
}

/** As it is typed. */
export function optimizerText({ optimizer, optimizerOptions = {} }: ChosenOptimizer): string {
  return [optimizer, ...pairsOf(optimizerOptions)].join(',');
}

function pairsOf(options: OptimizerOptions): string[] {
  return Object.entries(options).map(([key, value]) => `${key}=${value}`);
}

/** In words: `Muon (tp=blockwise)`; null for plain AdamW. */
export function optimizerWords({ optimizer, optimizerOptions = {} }: ChosenOptimizer): string | null {
  const pairs = pairsOf(optimizerOptions);
  if (optimizer === OPTIMIZERS[0]!.id && pairs.length === 0) return null;
  const { name } = optimizerOf(optimizer);
  return pairs.length === 0 ? name : `${name} (${pairs.join(', ')})`;
}
