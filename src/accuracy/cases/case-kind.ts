import type { Document } from '../../catalogue/document.ts';
import type { Entry } from './entry.ts';

/** A kind of case file: told by keys that it has, and what is predicted of it. */
export interface CaseKind {
  readonly keys: readonly string[];
  entries(document: Document): Entry[];
}
