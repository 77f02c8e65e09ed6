import { grid } from '../../../src/reporters/paint.ts';
import type { Entry } from './entry.ts';

const figure = (value: Entry['predicted']) => (typeof value === 'number' ? value.toPrecision(6) : value);

export function caseReport(entries: readonly Entry[]): string {
  const rows = entries.map(({ name, predicted, published, error }) => [
    name,
    figure(predicted),
    figure(published),
    error === null ? 'one ran' : (100 * error).toFixed(2),
  ]);
  return `${grid(['case', 'predicted', 'published', 'error %'], rows)}\n`;
}
