import { InputError } from '../../domain/input-error.ts';
import { askedOf } from '../deepspeed/asked.ts';
import { withoutComments } from '../deepspeed/comments.ts';
import { plainSettings } from '../deepspeed/settings.ts';
import type { Source } from '../port/reader.ts';
import { type Tree, treeOf } from '../reading/tree.ts';
import type { Engine } from './run.ts';

/** A file that a program brings along, by the end of its path: what it says of ZeRO. */
export type Bundled = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What the trainer says itself. */
const SAID_BY_TRAINER = ['dp', 'micro-batch', 'recompute'];

/**
 * The DeepSpeed configuration that a file names, or has inside. Throws InputError where it is neither beside it nor one that the program
 * brings along.
 */
export function deepspeedEngine(
  tree: Tree,
  key: string,
  source: Source,
  bundled: Bundled,
): Engine & { readonly batch: number | null } {
  const value = tree.at(key);
  if (typeof value === 'object' && value !== null) {
    return engineFrom(value, tree.file, source);
  }
  const name = String(value);
  const text = source.beside?.(name) ?? null;
  if (text !== null) {
    const located = source.value(withoutComments(text));
    return engineOf(treeOf(plainSettings(located), name, "DeepSpeed's configuration"), source);
  }
  const own = Object.entries(bundled).find(([one]) => name === one || name.endsWith(`/${one}`));
  if (own === undefined)
    throw new InputError({
      message: `${key} is "${name}", which is not beside ${tree.file}`,
      expected: 'that file in the same folder, or at that path under one above it',
      at: { file: tree.file, line: tree.line(key) },
    });
  return {
    runtime: 'deepspeed',
    configuration: own[1],
    notes: [`${name} is not beside it: taken as the file of that name that the program brings along`],
    batch: null,
  };
}

/** Settings that stand inside another file, or were made of its keys. */
export function engineFrom(
  value: unknown,
  file: string,
  source: Source,
): Engine & { readonly batch: number | null } {
  const located = plainSettings({ value, locate: () => ({ file, line: 1 }) });
  return engineOf(treeOf(located, file, 'DeepSpeed settings'), source);
}

function engineOf(tree: Tree, { path, value, words, statements, table }: Source) {
  const alone: Source = { path, text: '', value, words, statements, table };
  const { configuration, notes = [], optimizer } = askedOf(tree, alone);
  const kept = Object.entries(configuration).filter(([name]) => !SAID_BY_TRAINER.includes(name));
  return {
    runtime: 'deepspeed' as const,
    configuration: Object.fromEntries(kept),
    notes: [
      ...notes,
      ...(tree.has('optimizer') && optimizer !== undefined
        ? [`its DeepSpeed file has an optimizer of its own, ${optimizer}: the program's is taken`]
        : []),
    ],
    batch: tree.count('train_micro_batch_size_per_gpu'),
  };
}
