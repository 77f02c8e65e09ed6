import { InputError } from '../../domain/input-error.ts';
import type { Value } from '../../foreign/python/value.ts';
import type { Located, ProgramWord, Source } from '../port/reader.ts';
import { flagWords } from '../reading/flag-words.ts';
import type { Assigned, RecipeAssignments } from './assignments.ts';
import { BASES } from './bases.ts';
import { withChosen, withoutSubcommand } from './checkpoint-subcommand.ts';
import { fieldsNamed, jobFields } from './job-file.ts';

const SECTIONS =
  'parallelism|training|activation[-_]checkpoint|compile|optimizer|model|experimental|checkpoint|job|comm';
const FLAG = new RegExp(`^--(?:(?:${SECTIONS})\\.|module\\b|config\\b)`);

/** An argument of `torchtitan.train`. */
export const isTitanFlag = (word: string): boolean =>
  FLAG.test(word) || /^activation[-_]checkpoint:/.test(word);

/** Its own script, which hands its words on. */
export const RUN_SCRIPT = /run_train\.sh$/;

/** A script that starts it, rather than a recipe in Python or a job in TOML. */
export function startsTitan({ path, text }: Source): boolean {
  if (/\.txt$/i.test(path) && PYTHON.test(text)) return false;
  return /\.(?:ba)?sh$|\.(?:sbatch|slurm|txt)$/i.test(path) || /^#!.*\b(?:ba|da|z)?sh\b/.test(text);
}

/** What a recipe has and no script: text says nothing by its name. */
const PYTHON = /^(?:from \S+ import|import \w|def \w+\()/m;

/**
 * `--section.field value` over the function of a config_registry that `--config` or CONFIG names, or over a job in TOML that
 * `--job.config_file` or CONFIG_FILE does (run_train.sh and torchtitan/config/manager.py@b5bcd76; config_manager.py before).
 */
export function commandLine(
  words: readonly ProgramWord[],
  variables: ReadonlyMap<string, string>,
  source: Source,
): RecipeAssignments {
  const { path } = source;
  const { words: plain, chosen } = withoutSubcommand(words, path);
  const given = flagWords(plain, path);
  const own = given.value as Readonly<Record<string, unknown>>;
  const said = (key: string, variable: string) =>
    own[key] ?? variables.get(variable) ?? stated(variable, source);
  const job = said('job.config_file', 'CONFIG_FILE');
  const config = said('config', 'CONFIG');
  const base = typeof job === 'string' ? null : knownBase(config, given, path);
  const under = typeof job === 'string' ? jobBeside(job, source) : new Map<string, Assigned>();
  return {
    base,
    length: null,
    fields: withChosen(new Map([...under, ...overrides(own, given, under)]), chosen),
    names: new Map(),
  };
}

/** `NAME=value command`: of one command alone. */
function stated(variable: string, { text }: Source): string | undefined {
  return new RegExp(`(?:^|\\s)${variable}=["']?([\\w./-]+)`).exec(text)?.[1];
}

function knownBase(config: unknown, given: Located, file: string): string {
  if (typeof config === 'string' && Object.hasOwn(BASES, config)) return config;
  throw new InputError({
    message:
      config === undefined ? `${file} names no configuration` : `--config is ${JSON.stringify(config)}`,
    expected: `one of ${Object.keys(BASES).join(', ')}, as CONFIG or --config`,
    at: given.locate('/config'),
  });
}

function jobBeside(name: string, source: Source): ReadonlyMap<string, Assigned> {
  const text = source.beside?.(name) ?? null;
  if (text === null)
    throw new InputError({
      message: `its job ${name} is not beside ${source.path}`,
      expected: 'that file in the same folder, or at that path under one above it',
      at: { file: source.path, line: 1 },
    });
  return jobFields(source.table(text), name);
}

function overrides(
  own: Readonly<Record<string, unknown>>,
  given: Located,
  under: ReadonlyMap<string, Assigned>,
): ReadonlyMap<string, Assigned> {
  const dotted = Object.entries(own).filter(([key]) => key.includes('.') && key !== 'job.config_file');
  const fields = dotted.map(([key, value]): readonly [string, Assigned] => {
    // `--compile.no-enable` turns a switch off.
    const off = /^(.*\.)no_(\w+)$/.exec(key);
    const path = off === null ? key : `${off[1]}${off[2]}`;
    const line = given.locate(`/${key}`).line ?? 1;
    return [path, { value: off === null ? (value as Value) : false, line }];
  });
  return fieldsNamed(new Map(fields), under);
}
