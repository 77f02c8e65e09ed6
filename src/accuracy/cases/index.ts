import { readDocument } from '../../catalogue/document.ts';
import { InputError } from '../../domain/input-error.ts';
import type { CaseKind } from './case-kind.ts';
import type { Entry } from './entry.ts';
import { leastLoadedCase } from './least-loaded.ts';
import { roundPipeCase } from './round-pipe.ts';
import { skipPipeCase } from './skip-pipe.ts';

const KINDS: readonly CaseKind[] = [roundPipeCase, skipPipeCase, leastLoadedCase];

/** Every published figure of a case file beside what is predicted. Throws an InputError on a file of no kind. */
export function readCase(path: string): Entry[] {
  const document = readDocument(path);
  const { value } = document;
  const has = (key: string) => typeof value === 'object' && value !== null && key in value;
  const kind = KINDS.find(({ keys }) => keys.every(has));
  if (kind !== undefined) return kind.entries(document);
  throw new InputError({
    message: 'no case file that is known',
    expected: KINDS.map(({ keys }) => `an object with ${keys.join(', ')}`).join('; or '),
    at: { file: path },
  });
}
