import { parser } from '@lezer/python';
import { statementsOf } from './statement.ts';
import type { Statement } from './syntax.ts';
import { parsedText } from './tree.ts';

/** The statements of a Python text. What is no Python is left out, or stands in the value of its statement as `other`. */
export function parsePython(text: string): Statement[] {
  const plain = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  return statementsOf(parser.parse(plain).topNode, parsedText(plain));
}
