import type { ErrorObject } from 'ajv/dist/2020.js';
import { nearest } from '../units/nearest.ts';
import type { Variant } from './variants.ts';

/** One thing wrong with a document. `pointer` is a JSON pointer to the value (or to the object that lacks a key). */
export interface Violation {
  readonly pointer: string;
  readonly message: string;
  readonly expected?: string;
  readonly hint?: string;
}

/** What ajv found, in words for whoever wrote the document. */
export function violation(error: ErrorObject): Violation {
  const pointer = error.instancePath;
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(
        error.params.additionalProperty,
        pointer,
        Object.keys(error.parentSchema?.properties ?? {}),
      );
    case 'required':
      return { pointer, message: `missing key "${error.params.missingProperty}"` };
    case 'type':
      return otherThan(`${error.params.type}`, pointer, error.data);
    case 'enum':
      return noneOf(error.params.allowedValues, pointer, error.data);
    case 'const':
      return noneOf([error.params.allowedValue], pointer, error.data);
    case 'discriminator':
      return noVariant(error);
    case 'pattern':
      return otherThan(error.parentSchema?.description ?? `${error.message}`, pointer, error.data);
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return otherThan(rangeWords(error.parentSchema as Range), pointer, error.data);
    default:
      return otherThan(error.message ?? error.keyword, pointer, error.data);
  }
}

interface Range {
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
}

/** `from 0.05 to 20`, `at least 0`, `more than 0 and at most 1`. */
function rangeWords({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Range): string {
  if (minimum !== undefined && maximum !== undefined) return `from ${minimum} to ${maximum}`;
  return [
    ...(minimum === undefined ? [] : [`at least ${minimum}`]),
    ...(exclusiveMinimum === undefined ? [] : [`more than ${exclusiveMinimum}`]),
    ...(maximum === undefined ? [] : [`at most ${maximum}`]),
    ...(exclusiveMaximum === undefined ? [] : [`less than ${exclusiveMaximum}`]),
  ].join(' and ');
}

function noVariant({ instancePath, params: { tag, tagValue }, parentSchema, data }: ErrorObject): Violation {
  const variants: readonly Variant<string>[] = parentSchema?.oneOf;
  if (tagValue !== undefined) {
    const known = variants.map(({ properties }) => properties[tag]?.const);
    return noneOf(known, `${instancePath}/${tag}`, tagValue);
  }
  const slip = Object.keys(data as object).find(
    (key) => variants.every(({ properties }) => !(key in properties)) && nearest(key, [tag]) !== undefined,
  );
  return slip === undefined
    ? { pointer: instancePath, message: `missing key "${tag}"` }
    : unknownKey(slip, instancePath, [tag]);
}

function unknownKey(key: string, pointer: string, known: readonly string[]): Violation {
  return {
    pointer: `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    message: `unknown key "${key}"`,
    expected: `one of ${known.join(', ')}`,
    ...meant(key, known),
  };
}

function noneOf(allowed: readonly unknown[], pointer: string, found: unknown): Violation {
  return {
    ...otherThan(`one of ${allowed.join(', ')}`, pointer, found),
    ...meant(String(found), allowed.map(String)),
  };
}

function otherThan(expected: string, pointer: string, found: unknown): Violation {
  const name = pointer === '' ? 'the document' : (pointer.split('/').at(-1) ?? pointer);
  return { pointer, message: `${name} is ${JSON.stringify(found).slice(0, 60)}`, expected };
}

function meant(word: string, known: readonly string[]): Pick<Violation, 'hint'> {
  const near = nearest(word, known);
  return near === undefined ? {} : { hint: `Maybe you meant "${near}".` };
}
