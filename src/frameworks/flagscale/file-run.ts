import { InputError } from '../../domain/input-error.ts';
import type { Flag } from '../megatron/flags.ts';
import { type MegatronRun, megatronRun } from '../megatron/run.ts';
import type { Located } from '../port/reader.ts';

/** Sections that become flags. */
const SECTIONS = ['system', 'model', 'data'] as const;

/**
 * The inner file as the flags it becomes: nesting is passed over, true is a bare flag, false none, a list its words
 * (`flatten_dict_to_args`, flagscale/runner/utils.py@v0.9.0). Throws InputError where it has no such sections.
 */
export function fileRun({ value, locate }: Located, path: string): MegatronRun {
  const root = 'train' in record(value) ? 'train' : '';
  const sections = root === '' ? record(value) : record(record(value).train);
  const flags = new Map<string, Flag>();
  const walk = (mapping: Readonly<Record<string, unknown>>, pointer: string) => {
    for (const [key, given] of Object.entries(mapping)) {
      const at = `${pointer}/${key}`;
      if (isRecord(given)) walk(given, at);
      else {
        const values = wordsOf(given);
        const name = `--${key.replaceAll('_', '-')}`;
        if (values !== null) flags.set(name, { name, values, line: locate(at).line ?? 1 });
      }
    }
  };
  for (const section of SECTIONS)
    walk(record(sections[section]), `${root === '' ? '' : `/${root}`}/${section}`);
  if (flags.size === 0)
    throw new InputError({
      message: `${path} has no system, model and data`,
      expected: "FlagScale's inner file, whose sections become flags",
      at: locate(''),
    });
  return megatronRun(flags, path);
}

/** null: no flag. Keys without a value stand for what the user fills in. */
function wordsOf(given: unknown): string[] | null {
  if (given === false || given === null || given === '???') return null;
  if (given === true) return [];
  return Array.isArray(given) ? given.map(String) : [String(given)];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const record = (value: unknown) => (isRecord(value) ? value : {});
