import { InputError } from '../../domain/input-error.ts';
import type { Located, Source } from '../port/reader.ts';

export interface Resolved {
  readonly value: unknown;
  /** Variables that had to be given their defaults. */
  readonly defaults: ReadonlyMap<string, string>;
}

/** `${VAR}` and `${VAR:default}` (ENV_PATTERN, primus/core/config/yaml_loader.py@fd1eeab). */
const VARIABLE = /\$\{([^:{}]+)(?::([^}]*))?\}/g;

/** The value of a file with the variables of its texts put in. Throws InputError where one has neither value nor default. */
export function resolved({ value, locate }: Located, { given }: Source): Resolved {
  const defaults = new Map<string, string>();
  const walk = (one: unknown, pointer: string): unknown => {
    if (typeof one === 'string' && one.includes('${')) return typed(textOf(one, pointer));
    if (Array.isArray(one)) return one.map((inner, i) => walk(inner, `${pointer}/${i}`));
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(
      Object.entries(one).map(([key, inner]) => [key, walk(inner, `${pointer}/${key}`)]),
    );
  };
  const textOf = (text: string, pointer: string) =>
    text.replaceAll(VARIABLE, (_, name: string, usual: string | undefined) => {
      const from = given?.(name);
      if (from !== undefined) return from;
      if (usual === undefined)
        throw new InputError({
          message: `\${${name}} has no value`,
          expected: 'a variable of the environment: it has no default',
          hint: `Maybe --set ${name}=…, or --env to read those of this shell.`,
          at: locate(pointer),
        });
      defaults.set(name, usual);
      return usual;
    });
  return { value: walk(value, ''), defaults };
}

/** Numbers and words as YAML would have them, had they stood there. */
function typed(text: string): unknown {
  if (/^-?\d+(?:\.\d*)?(?:e[-+]?\d+)?$/i.test(text)) return Number(text);
  const word = { true: true, false: false, null: null, none: null }[text.toLowerCase()];
  return word === undefined ? text : word;
}
