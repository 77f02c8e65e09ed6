import { InputError } from '../../domain/input-error.ts';
import { type Literal, pythonAssignments } from './python.ts';
import { REGISTRY } from './rules.ts';

/** What a torchtitan recipe asks for, as far as it is literal. */
export interface TitanRun {
  readonly file: string;
  readonly layers: number | null;
  readonly hiddenSize: number | null;
  /** Layers of each model part, in layer order. */
  readonly split: readonly number[] | null;
  readonly paths: readonly string[];
  at(path: string): Literal | undefined;
  word(path: string): string | null;
  /** Throws InputError where the value is no literal whole number above zero. */
  count(path: string): number | null;
  /** Name of the function that makes the value. */
  called(path: string): string | null;
  line(path: string): number;
}

const PARTS = 'parallelism.module_fqns_per_model_part';

export function titanRun(text: string, file: string): TitanRun {
  const { base, fields, names } = pythonAssignments(text);
  if (![...fields.keys()].some((path) => /^(parallelism|training)\./.test(path)))
    throw new InputError({
      message: `${file} sets nothing of a configuration's parallelism or training`,
      expected: 'a torchtitan recipe, such as c.parallelism.tensor_parallel_degree = 8',
      at: { file, line: 1 },
    });
  const model = REGISTRY.find(([, , name]) => name === base);
  const at = (path: string) => fields.get(path)?.value;
  const line = (path: string) => fields.get(path)?.line ?? 1;
  return {
    file,
    layers: model?.[1] ?? null,
    hiddenSize: model?.[0] ?? null,
    split: fields.has(PARTS) ? splitOf(at(PARTS), names, file, line(PARTS)) : null,
    paths: [...fields.keys()],
    at,
    line,
    word: (path) => (typeof at(path) === 'string' ? (at(path) as string) : null),
    called(path) {
      const value = at(path);
      return typeof value === 'object' && value !== null && 'call' in value ? value.call : null;
    },
    count(path) {
      const value = at(path);
      if (!fields.has(path) || value === null || value === -1) return null;
      if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
      throw new InputError({
        message: `${path} is ${value === undefined ? 'not literal' : JSON.stringify(value)}`,
        expected: 'a whole number above zero, or a product of some',
        at: { file, line: line(path) },
      });
    },
  };
}

/** Literal lists of module names; or, where the parts are built in a loop, the one list of numbers it runs over. */
function splitOf(
  parts: Literal | undefined,
  names: ReadonlyMap<string, Literal>,
  file: string,
  line: number,
): number[] {
  if (Array.isArray(parts) && parts.every(Array.isArray)) {
    const counts = parts.map(
      (part) => part.filter((name) => typeof name === 'string' && name.startsWith('layers.')).length,
    );
    if (counts.some((n) => n > 0)) return counts;
  }
  const lists = [...names.values()].filter(
    (value): value is number[] =>
      Array.isArray(value) && value.length > 0 && value.every((n) => typeof n === 'number'),
  );
  if (lists.length === 1) return lists[0]!;
  throw new InputError({
    message: `${PARTS} is not literal`,
    expected:
      'lists of module names, or one list of the layers of each part, such as split = [12, 12, 28, 28]',
    at: { file, line },
  });
}
