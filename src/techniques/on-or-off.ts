import { Misread, noneOf } from './misread.ts';

/** What every technique that is on or off has. */
export const ON_OR_OFF = {
  off: false,
  schema: { enum: [false, true] },
  parse: (text: string) => (text === 'true' ? true : text === 'false' ? false : noBoolean(text)),
  format: String,
  words: (on: boolean) => (on ? 'on' : 'off'),
} as const;

/** Words for yes and no of other tools. */
function noBoolean(text: string): Misread {
  const said = {
    on: 'true',
    yes: 'true',
    '1': 'true',
    off: 'false',
    no: 'false',
    '0': 'false',
    none: 'false',
  };
  return new Misread('true or false', noneOf(['true', 'false'], text, said).meant);
}
