import type { Io } from './io.ts';

/** Colours, and what clears the line of a progress message: all that we print ourselves. */
const OWN = String.raw`\u001b\[[\d;]*[mK]`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
const PRINTED = new RegExp(`${OWN}|${CONTROL.source}`, 'g');

/** Names come from strangers' files: what would move a terminal's cursor, or turn text round, is printed as `\u001b`. */
function printable(text: string, terminal: boolean): string {
  return text.replace(PRINTED, (found) => {
    if (terminal && (found.length > 1 || found === '\r')) return found;
    return [...found].map((one) => (CONTROL.test(one) ? escaped(one) : one)).join('');
  });
}

const escaped = (one: string) => `\\u${one.codePointAt(0)!.toString(16).padStart(4, '0')}`;

/** The same, with nothing printed raw. */
export function printing(io: Io): Io {
  return {
    ...io,
    stdout: (text) => io.stdout(printable(text, io.terminal)),
    stderr: (text) => io.stderr(printable(text, io.errorColumns !== undefined)),
  };
}
