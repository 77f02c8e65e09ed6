import { InputError } from '../../domain/input-error.ts';
import { type Facts, type Importer, linesOf, nothing, type Where } from '../facts/facts.ts';
import { isState } from './node-state.ts';
import { type SlurmNode, slurmFacts } from './slurm-gres.ts';

/** What `sinfo -o` calls the fields in its header (`man sinfo`, --format). */
const HEADERS: Readonly<Record<string, Column>> = {
  NODELIST: 'name',
  HOSTNAMES: 'name',
  GRES: 'gres',
  AVAIL_FEATURES: 'features',
  ACTIVE_FEATURES: 'features',
  FEATURES: 'features',
  STATE: 'state',
};

type Column = 'name' | 'gres' | 'features' | 'state';

/** `sinfo -N -o "%N|%G|%f|%m|%c|%T"`, with its header or in this order; a line for each node and partition. */
export const sinfo: Importer = {
  format: 'sinfo',
  recognises: (text) => linesOf(text).some((line) => isHeader(cellsOf(line)) || isRow(cellsOf(line))),
  read(text, file): Facts {
    let header: readonly string[] | null = null;
    const nodes: SlurmNode[] = [];
    for (const [i, line] of linesOf(text).entries()) {
      const cells = cellsOf(line);
      if (isHeader(cells)) header = cells;
      else if (header === null ? isRow(cells) : cells.length > 1)
        nodes.push(nodeOf(cells, header, { file, line: i + 1 }));
    }
    return { ...nothing(this.format), ...slurmFacts(nodes) };
  },
};

function cellsOf(line: string): string[] {
  return line.split('|').map((cell) => cell.trim());
}

function isHeader(cells: readonly string[]): boolean {
  return cells.length > 1 && cells.some((cell) => HEADERS[cell] === 'name') && cells.includes('GRES');
}

function isRow(cells: readonly string[]): boolean {
  return (
    cells.length > 2 && /^[\w.[]/.test(cells[0]!) && cells.some((cell) => /^gpu\b|^\(null\)$/.test(cell))
  );
}

function nodeOf(cells: readonly string[], header: readonly string[] | null, where: Where): SlurmNode {
  const columns = header === null ? columnsOf(cells, where) : header.map((name) => HEADERS[name] ?? null);
  if (header !== null && cells.length !== header.length)
    throw misread(cells, `${header.length} fields as in the header`, where);
  const cell = (column: Column) => cells[columns.indexOf(column)] ?? '';
  const state = cell('state');
  if (!isState(state))
    throw misread(cells, 'the state of a node, such as idle or mixed, in its field', where);
  return { name: cell('name'), gres: cell('gres'), tres: '', features: cell('features'), state, where };
}

/** Without a header: six fields in the order above, or name, GRES and others with the state last. */
function columnsOf(cells: readonly string[], where: Where): (Column | null)[] {
  if (cells.length === 6) return ['name', 'gres', 'features', null, null, 'state'];
  const gres = cells.findIndex((cell) => /^gpu\b|^\(null\)$/.test(cell));
  if (!isState(cells.at(-1)!)) throw misread(cells, 'six fields, or the state last', where);
  return cells.map((_, i) => {
    if (i === 0) return 'name';
    if (i === gres) return 'gres';
    return i === cells.length - 1 ? 'state' : null;
  });
}

function misread(cells: readonly string[], expected: string, at: Where): InputError {
  return new InputError({
    message: `"${cells.join('|').slice(0, 80)}" is no line of sinfo`,
    expected,
    hint: "Maybe sinfo -N -o '%N|%G|%f|%m|%c|%T', header and all.",
    at,
  });
}
