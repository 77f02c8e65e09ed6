import { InputError } from '../../domain/input-error.ts';
import { type Facts, nothing } from '../facts/facts.ts';
import { readFacts } from './index.ts';

/** A file as it was given: its name, and its text or why it has none. */
export interface GivenFile {
  readonly name: string;
  readonly text: () => string;
}

/**
 * What all files say. One that cannot be read, or is of no known format, never stops the others: it is noted; alone it is an
 * error.
 */
export function readFiles(files: readonly GivenFile[]): {
  readonly facts: Facts[];
  readonly left: InputError[];
} {
  const facts: Facts[] = [];
  const left: InputError[] = [];
  for (const { name, text } of files) {
    try {
      facts.push(readFacts(text(), name));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      left.push(error);
      facts.push({ ...nothing('unread'), notes: [`${name} left out: ${error.problem.message}`] });
    }
  }
  if (left.length > 0 && left.length === files.length) throw left[0]!;
  return { facts, left };
}
