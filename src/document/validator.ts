import type { ValidateFunction } from 'ajv/dist/2020.js';
import { compile } from './compile.ts';
import type { DocumentSchema } from './document-schema.ts';
import { type Violation, violation } from './violation.ts';

const compiled = new Map<string, ValidateFunction>();

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly violations: readonly [Violation, ...Violation[]] };

/** The value as what its schema says it is, or what is wrong with it. */
export function check<T>(schema: DocumentSchema<T>, value: unknown): Checked<T> {
  const [first, ...others] = violations(schema, value);
  return first === undefined
    ? { ok: true, value: value as T }
    : { ok: false, violations: [first, ...others] };
}

/** The first few violations of a schema, most telling first; empty when the value conforms. */
export function violations(schema: DocumentSchema, value: unknown): Violation[] {
  let conforms = compiled.get(schema.$id);
  if (conforms === undefined) {
    conforms = compile(schema);
    compiled.set(schema.$id, conforms);
  }
  if (conforms(value)) return [];
  // That a branch was not met says less than what it did not meet.
  const all = (conforms.errors ?? []).filter((error) => error.keyword !== 'if').map(violation);
  // A slip of the pen tells more than the key it leaves missing.
  all.sort((a, b) => Number(b.hint !== undefined) - Number(a.hint !== undefined));
  return all
    .filter((v, i) => all.findIndex((w) => w.pointer === v.pointer && w.message === v.message) === i)
    .slice(0, 5);
}
