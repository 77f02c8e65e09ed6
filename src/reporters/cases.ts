import type { Entry } from '../accuracy/cases/entry.ts';
import { grid } from './paint.ts';

const figure = (value: Entry['predicted']) => (typeof value === 'number' ? value.toPrecision(6) : value);

/** Each published figure beside what is predicted for it. */
export function casesTable(entries: readonly Entry[]): string {
  const rows = entries.map(({ name, predicted, published, error }) => [
    name,
    figure(predicted),
    figure(published),
    error === null ? 'one ran' : (100 * error).toFixed(2),
  ]);
  return `${grid(['case', 'predicted', 'published', 'error %'], rows)}\n`;
}
