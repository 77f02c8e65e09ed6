import { expect } from 'vitest';
import { EXIT } from '../../src/cli/io.ts';
import type { Ran } from '../fixtures/run.ts';

const KNOWN: readonly number[] = Object.values(EXIT).filter((code) => code !== EXIT.bug);
/** A figure that arithmetic went wrong in; quotes are words of the file that was given. */
const BROKEN = /(?<!["\w])(NaN|-?Infinity)\b/;
const NEGATIVE = /(^|[\s"])-\d[\d.,e+-]*\s?(s|ms|us|GiB|MiB|B|tokens\/s)\b/m;
// biome-ignore lint/suspicious/noControlCharactersInRegex: none may be printed.
const RAW = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;
/** More than any answer to a question about one file. */
const MOST_PRINTED = 5_000_000;

/** What holds of every command, whatever it is given. */
export function expectSound({ code, out, err }: Ran, about: string): void {
  expect(KNOWN, `${about}\n${err}`).toContain(code);
  expect(err, about).not.toMatch(/\n\s+at .*:\d+/);
  expect(RAW.test(out + err), `${about}: control characters`).toBe(false);
  expect(out.length, about).toBeLessThan(MOST_PRINTED);
  if (code === EXIT.input) return;
  expect(BROKEN.exec(out)?.input.slice(0, 300) ?? null, about).toBeNull();
  expect(NEGATIVE.exec(out)?.[0] ?? null, about).toBeNull();
}
