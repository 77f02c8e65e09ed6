import { InputError } from '../../domain/input-error.ts';
import type { Made, Value } from '../../foreign/python/value.ts';
import type { ProgramWord, ReadFile, Source } from '../port/reader.ts';
import { readWays } from '../reading/ways.ts';
import { recipeFile } from './python.ts';
import { type RecipeKind, recipeFields, type Stated } from './recipe-calls.ts';

/** `nemo llm pretrain --factory llama3_8b trainer.strategy.tensor_model_parallel_size=4`, of NeMo-Run. */
const STARTS = /\bnemo\s+llm\s+(pretrain|finetune)\b/;
const OVERRIDE = /^(?:trainer|model|data|optim|peft)(?:\.\w+)*=/;
const FACTORY = /^--factory(?:=(.*))?$/s;

export const startsRecipe = ({ text }: Source): boolean => STARTS.test(text);

export function commandLineFile(source: Source): ReadFile {
  const found = source.words((word) => OVERRIDE.test(word) || FACTORY.test(word));
  return readWays(source, found, ({ words }) => recipeFile(fieldsOf(words, source), source));
}

function fieldsOf(words: readonly ProgramWord[], { path }: Source) {
  const kind: RecipeKind = words.some(({ text }) => text === 'finetune')
    ? 'finetune_recipe'
    : 'pretrain_recipe';
  const at = words.findIndex(({ text }) => FACTORY.test(text));
  const word = words[at];
  const stated = word === undefined ? undefined : (FACTORY.exec(word.text)?.[1] ?? words[at + 1]?.text);
  const [, module, args = ''] = /^["']?(\w+)(?:\((.*)\))?["']?$/s.exec(stated ?? '') ?? [];
  if (word === undefined || module === undefined)
    throw new InputError({
      message: `${path} names no recipe`,
      expected: '--factory llama3_8b, or another of nemo.collections.llm.recipes',
      at: { file: path, line: word?.line ?? 1 },
    });
  const call = callOf(module, kind, args, word.line);
  const fields = new Map<string, Stated>(recipeFields(module, kind, call, path));
  for (const { text, line } of words) {
    const [, field, value] = /^([a-z]\w*(?:\.\w+)+)=(.*)$/s.exec(text) ?? [];
    if (field !== undefined && OVERRIDE.test(text)) fields.set(field, { value: literal(value!), line });
  }
  return fields;
}

function callOf(module: string, name: RecipeKind, args: string, line: number): Made {
  const pairs = args.split(',').flatMap((one): [string, Value][] => {
    const [, key, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(one) ?? [];
    return key === undefined ? [] : [[key, literal(value!)]];
  });
  const of = { kind: 'named', name: module, module: null } as const;
  return {
    ...{ kind: 'made', by: { kind: 'field', of, name }, args: [], keywords: new Map(pairs) },
    ...{ open: false, text: `${module}(${args})`, line },
  };
}

function literal(text: string): Value {
  const plain = text.replace(/^(["'])(.*)\1$/s, '$2');
  if (/^(true|false)$/i.test(plain)) return plain.toLowerCase() === 'true';
  if (/^(none|null)$/i.test(plain)) return null;
  return /^[+-]?\d+(\.\d*)?$/.test(plain) ? Number(plain) : plain;
}
