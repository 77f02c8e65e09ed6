import { InputError } from '../domain/input-error.ts';
import type { QuantityRange } from '../schema/ranges.ts';
import { type Dimension, parseQuantity, unitFor } from '../units/parse.ts';
import { rememberedOf } from '../units/remembered.ts';
import type { Document } from './document.ts';

/** Parses the quantity at a pointer of a document. Throws InputError where it is no quantity, or what nothing can physically be. */
export function quantityAt(
  document: Document,
  pointer: string,
  text: string,
  dimension: Dimension,
  range: QuantityRange,
  name = pointer.split('/').at(-1) ?? pointer,
): number {
  const parsed = parseQuantity(text, dimension);
  if (!parsed.ok) {
    throw new InputError({
      message: `${name} is "${text}"`,
      expected: parsed.expected,
      at: document.locate(pointer),
      ...(parsed.hint === undefined ? {} : { hint: parsed.hint }),
    });
  }
  within(document, pointer, { text, value: parsed.value, name }, dimension, range);
  return parsed.value;
}

interface Read {
  readonly text: string;
  readonly value: number;
  readonly name: string;
}

/** A figure outside is a slip of its unit, most often. */
function within(
  document: Document,
  pointer: string,
  { text, value, name }: Read,
  dimension: Dimension,
  range: QuantityRange,
): void {
  const { from, to, of } = range;
  const { least, most } = limitsOf(range, dimension);
  if (value >= least && value <= most) return;
  const meant = unitFor(text, dimension, least, most);
  throw new InputError({
    message: `${name} is "${text}"`,
    expected: `${from} to ${to}: ${of}`,
    at: document.locate(pointer),
    ...(meant === undefined ? {} : { hint: `Maybe "${meant}".` }),
  });
}

interface Limits {
  readonly least: number;
  readonly most: number;
}

/** Each range is of one dimension. */
const limits = new WeakMap<QuantityRange, Limits>();

function limitsOf(range: QuantityRange, dimension: Dimension): Limits {
  return rememberedOf(limits, range, () => ({
    least: siOf(range.from, dimension),
    most: siOf(range.to, dimension),
  }));
}

function siOf(text: string, dimension: Dimension): number {
  const parsed = parseQuantity(text, dimension);
  if (!parsed.ok) throw new RangeError(`no ${dimension}: ${text}`);
  return parsed.value;
}
