import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { nearest } from '../units/nearest.ts';

/** One thing wrong with a document. `pointer` is a JSON pointer to the value (or to the object that lacks a key). */
export interface Violation {
  readonly pointer: string;
  readonly message: string;
  readonly expected?: string;
  readonly hint?: string;
}

export type JsonSchema = { readonly $id: string; readonly [key: string]: unknown };

const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
  verbose: true,
});
const compiled = new Map<string, ValidateFunction>();

/** The first few violations of a schema, most telling first; empty when the value conforms. */
export function violations(schema: JsonSchema, value: unknown): Violation[] {
  let check = compiled.get(schema.$id);
  if (check === undefined) {
    check = ajv.compile(schema);
    compiled.set(schema.$id, check);
  }
  if (check(value)) return [];
  const errors = (check.errors ?? []).filter(
    (e) => e.keyword !== 'if' && e.keyword !== 'anyOf' && e.keyword !== 'oneOf',
  );
  const all = (errors.length > 0 ? errors : (check.errors ?? [])).map(explain);
  // A slip of the pen tells more than the key it leaves missing.
  all.sort((a, b) => Number(b.hint !== undefined) - Number(a.hint !== undefined));
  return all
    .filter((v, i) => all.findIndex((w) => w.pointer === v.pointer && w.message === v.message) === i)
    .slice(0, 5);
}

function explain(error: ErrorObject): Violation {
  const pointer = error.instancePath;
  const value = JSON.stringify(error.data)?.slice(0, 60);
  switch (error.keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const key = String(error.params.additionalProperty ?? error.params.unevaluatedProperty);
      const known = Object.keys((error.parentSchema?.properties as object | undefined) ?? {});
      const near = nearest(key, known);
      return {
        pointer: `${pointer}/${escapePointer(key)}`,
        message: `unknown key "${key}"`,
        expected: `one of ${known.join(', ')}`,
        ...(near === undefined ? {} : { hint: `Maybe you meant "${near}".` }),
      };
    }
    case 'required':
      return { pointer, message: `missing key "${error.params.missingProperty}"` };
    case 'type':
      return { pointer, message: `${name(pointer)} is ${value}`, expected: `${error.params.type}` };
    case 'enum':
    case 'const': {
      const allowed = (error.params.allowedValues ?? [error.params.allowedValue]) as unknown[];
      const near = nearest(String(error.data), allowed.map(String));
      return {
        pointer,
        message: `${name(pointer)} is ${value}`,
        expected: `one of ${allowed.join(', ')}`,
        ...(near === undefined ? {} : { hint: `Maybe you meant "${near}".` }),
      };
    }
    default:
      return { pointer, message: `${name(pointer)} is ${value}`, expected: error.message ?? error.keyword };
  }
}

function name(pointer: string): string {
  return pointer === '' ? 'the document' : (pointer.split('/').at(-1) ?? pointer);
}

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
