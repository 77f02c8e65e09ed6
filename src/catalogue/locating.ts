import { InputError } from '../domain/input-error.ts';
import type { Document } from './document.ts';

/** Reads what a document names: an error that knows no place is told at the place of the name. */
export function locating<T>(document: Document, pointer: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof InputError && error.problem.at === undefined)
      throw new InputError({ ...error.problem, at: document.locate(pointer) });
    throw error;
  }
}
