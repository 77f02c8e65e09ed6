import { InputError } from '../domain/input-error.ts';
import { type Dimension, parseQuantity } from '../units/parse.ts';
import type { Document } from './document.ts';

/** Parses the quantity at a pointer of a document; `positive` refuses zero, negative and infinite figures. */
export function quantityAt(
  document: Document,
  pointer: string,
  text: string,
  dimension: Dimension,
  positive = true,
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
  if (positive && !(parsed.value > 0 && Number.isFinite(parsed.value))) {
    throw new InputError({
      message: `${name} is "${text}"`,
      expected: 'a figure above zero',
      at: document.locate(pointer),
    });
  }
  // Below, the time of a transfer overflows.
  if (dimension === 'bandwidth' && positive && parsed.value < 1) {
    throw new InputError({
      message: `${name} is "${text}"`,
      expected: 'at least 1 B/s',
      at: document.locate(pointer),
    });
  }
  return parsed.value;
}
