import { InputError } from '../../domain/input-error.ts';
import { isKind } from '../../foreign/python/value.ts';
import { nearest } from '../../units/nearest.ts';
import type { ProgramWord } from '../port/reader.ts';
import type { Assigned } from './assignments.ts';
import { configOf } from './made.ts';

const SUBCOMMAND = /^activation[-_]checkpoint:(.*)$/s;
const FIELD = 'activation_checkpoint';

/** Names of the subcommands with the classes that they choose; null: none (torchtitan/distributed/activation_checkpoint.py@b5bcd76). */
const CLASSES: Readonly<Record<string, string | null>> = {
  selective: 'SelectiveAC',
  full: 'FullAC',
  'memory-budget': 'MemoryBudgetAC',
  none: null,
};

/** Words of a command line without the subcommand, and what that chooses; null: there is none. Throws InputError where it is no name of one. */
export function withoutSubcommand(
  words: readonly ProgramWord[],
  file: string,
): {
  readonly words: readonly ProgramWord[];
  readonly chosen: (Assigned & { readonly name: string }) | null;
} {
  const at = words.findLastIndex(({ text }) => SUBCOMMAND.test(text));
  if (at < 0) return { words, chosen: null };
  const { text, line } = words[at]!;
  const name = SUBCOMMAND.exec(text)![1]!.replaceAll('_', '-');
  if (!Object.hasOwn(CLASSES, name)) {
    const near = nearest(name.replace(/-(ac|config)$/, ''), Object.keys(CLASSES));
    throw new InputError({
      message: `${text} is no subcommand of torchtitan`,
      expected: Object.keys(CLASSES)
        .map((one) => `activation-checkpoint:${one}`)
        .join(', '),
      ...(near === undefined ? {} : { hint: `Maybe activation-checkpoint:${near}.` }),
      at: { file, line },
    });
  }
  const made = CLASSES[name]!;
  const rest = words.filter(({ text: one }) => !SUBCOMMAND.test(one));
  return { words: rest, chosen: { name, value: made === null ? null : configOf(made), line } };
}

/** The fields of a command line with what the subcommand chooses; its budget is an argument of its own. */
export function withChosen(
  fields: ReadonlyMap<string, Assigned>,
  chosen: Assigned | null,
): ReadonlyMap<string, Assigned> {
  if (chosen === null) return fields;
  const own = fields.get(FIELD)?.value;
  const budget = isKind(own, 'made') ? own.keywords.get('memory_budget') : undefined;
  const { value } = chosen;
  const made =
    isKind(value, 'made') && budget !== undefined
      ? { ...value, keywords: new Map([['memory_budget', Number(budget)]]) }
      : value;
  return new Map([...fields, [FIELD, { ...chosen, value: made }]]);
}
