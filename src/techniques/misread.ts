import { nearest } from '../units/nearest.ts';

/** Returned for a text that is no value. */
export class Misread {
  readonly expected: string;
  /** The value that may have been meant. */
  readonly meant: string | undefined;

  constructor(expected: string, meant?: string) {
    this.expected = expected;
    this.meant = meant;
  }
}

/** A text that is none of `words`; `others`: what the field calls some of them, in small letters. */
export function noneOf(
  words: readonly string[],
  text: string,
  others: Readonly<Record<string, string>> = {},
): Misread {
  const called = Object.hasOwn(others, text.toLowerCase()) ? others[text.toLowerCase()] : undefined;
  return new Misread(`one of ${words.join(', ')}`, called ?? nearest(text, words));
}
