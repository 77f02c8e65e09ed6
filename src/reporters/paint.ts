import { Chalk } from 'chalk';
import Table from 'cli-table3';

/** How to print: line width and whether colour is wanted. */
export interface Style {
  readonly columns: number;
  readonly color: boolean;
  /** Also what solvers and bounds did; left out: not. */
  readonly verbose?: boolean;
}

export function painter({ color }: Style) {
  return new Chalk({ level: color ? 1 : 0 });
}

/** Columns without frames, two spaces apart; lines never exceed the width given (cells must already be short). */
export function grid(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, i) => (right.includes(i) ? 'right' : 'left')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '',
    },
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** The first of these tables that is no wider than the page; the last where none is. */
export function fitting(columns: number, ...tables: readonly string[]): string {
  const fits = (table: string) => table.split('\n').every((line) => [...line].length <= columns);
  return tables.find(fits) ?? tables.at(-1)!;
}
