import { InputError } from '../../domain/input-error.ts';
import { type Facts, type Importer, linesOf, nothing, type Where } from '../facts/facts.ts';
import { isState } from './node-state.ts';
import { countedFacts, type SlurmNode, slurmFacts } from './slurm-gres.ts';

/** What `sinfo -o` and `sinfo -O` call the fields in their headers (`man sinfo`, --format and --Format). */
const HEADERS: Readonly<Record<string, Column>> = {
  NODELIST: 'name',
  HOSTNAMES: 'name',
  NODEHOST: 'name',
  NODES: 'count',
  'NODES(A/I)': 'count',
  'NODES(A/I/O/T)': 'count',
  GRES: 'gres',
  AVAIL_FEATURES: 'features',
  ACTIVE_FEATURES: 'features',
  FEATURES: 'features',
  STATE: 'state',
  STATECOMPACT: 'state',
  STATELONG: 'state',
  PARTITION: 'partition',
};

type Column = 'name' | 'count' | 'gres' | 'features' | 'state' | 'partition';

/** A line as its columns say. */
interface Row {
  readonly cells: ReadonlyMap<Column, string>;
  readonly where: Where;
}

/**
 * `sinfo` in any format that has GRES, with bars or blanks between fields: with its header, in the order of
 * "%N|%G|%f|%m|%c|%T", or by what the fields hold. A line for each node, hostlist or partition.
 */
export const sinfo: Importer = {
  format: 'sinfo',
  recognises: (text) => {
    const lines = linesOf(text);
    return lines.some((line) => isHeader(cellsOf(line))) || lines.some((line) => isRow(line));
  },
  read(text, file): Facts {
    const rows = rowsOf(linesOf(text), file);
    const named = rows.filter(({ cells }) => cells.has('name'));
    const counted = rows.filter(({ cells }) => !cells.has('name'));
    const nodes = named.map(nodeOf);
    const { hosts, notes, unusable } = slurmFacts(nodes);
    const parts = countedFacts(
      counted.map((row) => ({
        ...nodeOf(row),
        partition: row.cells.get('partition') ?? '',
        nodes: countOf(row.cells.get('count')),
      })),
    );
    return {
      ...nothing(this.format),
      hosts: [...hosts, ...parts.hosts],
      unusable,
      notes: [...new Set([...notes, ...parts.notes])],
    };
  },
};

function rowsOf(lines: readonly string[], file: string): Row[] {
  let header: readonly string[] | null = null;
  const rows: Row[] = [];
  for (const [i, line] of lines.entries()) {
    const where = { file, line: i + 1 };
    const cells = cellsOf(line);
    if (isHeader(cells)) header = cells;
    else if (header !== null && (cells.length > 1 || isRow(line)))
      rows.push({ cells: headed(cells, header, where), where });
    else if (header === null && isRow(line)) rows.push({ cells: told(cells, where), where });
  }
  return rows;
}

/** `4`, or `3/1/0/4`: allocated, idle, other and all, of which others run no jobs. */
function countOf(text: string | undefined): number | null {
  const [allocated = '', idle] = (text ?? '').split('/');
  return /^\d+$/.test(allocated) ? Number(allocated) + Number(idle ?? 0) : null;
}

/** Fields between bars, else between blanks. */
function cellsOf(line: string): string[] {
  return line.includes('|') ? line.split('|').map((cell) => cell.trim()) : line.trim().split(/\s+/);
}

function isHeader(cells: readonly string[]): boolean {
  return cells.length > 1 && cells.includes('GRES') && cells.every((cell) => /^[A-Z_:/()]+$/.test(cell));
}

const GRES = /^gpu(?::|$)|^\(null\)$|(?:^|,)gpu:/;

/** A line without a header: a field that is a GRES, behind a name or a partition. */
function isRow(line: string): boolean {
  const cells = cellsOf(line);
  if (cells.length < 2 || !/^[\w.[]/.test(cells[0]!) || /^NodeName=/.test(line)) return false;
  const bars = line.includes('|') && cells.length > 2;
  return cells.some((cell, i) => i > 0 && (bars ? GRES.test(cell) : /^gpu:[^=]+$/.test(cell)));
}

function headed(cells: readonly string[], header: readonly string[], where: Where): Row['cells'] {
  if (cells.length !== header.length) throw misread(cells, `${header.length} fields as in the header`, where);
  const found = new Map<Column, string>();
  for (const [i, name] of header.entries()) {
    const column = HEADERS[name];
    if (column !== undefined && !found.has(column)) found.set(column, cells[i]!);
  }
  refuseOddState(found, cells, where);
  return found;
}

/** Without a header: the six fields of the usual order, else each field by what it holds. */
function told(cells: readonly string[], where: Where): Row['cells'] {
  const found = new Map<Column, string>();
  // A partition may be called gpu.
  const gres = cells.findIndex((cell, i) => i > 0 && GRES.test(cell));
  found.set('gres', cells[gres]!);
  if (gres === 1 && cells.length === 6) {
    found.set('name', cells[0]!);
    found.set('features', cells[2]!);
    found.set('state', cells[5]!);
    refuseOddState(found, cells, where);
    return found;
  }
  const state = cells.findIndex((cell, i) => i !== 0 && i !== gres && isState(cell));
  if (state >= 0) found.set('state', cells[state]!);
  const ofPartition = cells.some((cell) => AVAILABLE.test(cell) || TIME.test(cell));
  if (!ofPartition && /^\d+$/.test(cells[0]!)) {
    found.set('count', cells[0]!);
    return found;
  }
  if (!ofPartition) {
    if (state < 0 && cells.length > 2)
      throw misread(cells, 'six fields, or the state of a node, such as idle or mixed', where);
    found.set('name', cells[0]!);
    return found;
  }
  found.set('partition', cells[0]!);
  const hosts = cells.findLast((cell, i) => i > 0 && i !== gres && i !== state && isHostlist(cell));
  if (hosts !== undefined) found.set('name', hosts);
  // sinfo's own order is partition, availability, limit, nodes; CPUs and memory come after.
  const numbers = cells.filter((cell) => /^\d+\+?$/.test(cell));
  const first = Number.parseInt(numbers[0] ?? '', 10);
  if (
    first < MOST_NODES &&
    (cells.some((cell) => AVAILABLE.test(cell)) || numbers.length > 2 || first < FEWEST_CPUS)
  )
    found.set('count', String(first));
  return found;
}

/** `1-00:00:00`, `2:00:00`, `infinite`: the time limit of a partition. */
const TIME = /^(?:\d+-)?\d+:\d\d(?::\d\d)?$|^infinite$/;
/** Whether jobs may be submitted to a partition. */
const AVAILABLE = /^(up|down|drain|inact)$/;
/** Hosts with GPUs have no fewer cores; and no cluster so many nodes as a host has MB. */
const [FEWEST_CPUS, MOST_NODES] = [8, 20_000];

/** `gpu[01-04]`, `n1`: letters with a number or brackets, and neither a time nor sockets:cores:threads. */
function isHostlist(cell: string): boolean {
  return /^[A-Za-z][\w.-]*(?:\d|\[[\d,-]+\])[\w.[\],-]*$/.test(cell) && !/:/.test(cell);
}

function refuseOddState(found: ReadonlyMap<Column, string>, cells: readonly string[], where: Where): void {
  const state = found.get('state');
  if (state !== undefined && !isState(state))
    throw misread(cells, 'the state of a node, such as idle or mixed, in its field', where);
}

function nodeOf({ cells, where }: Row): SlurmNode {
  const cell = (column: Column) => cells.get(column) ?? '';
  return {
    name: cell('name'),
    gres: cell('gres'),
    tres: '',
    features: cell('features'),
    // A format that leaves the state out says nothing against the node.
    state: cells.get('state') ?? 'IDLE',
    where,
  };
}

function misread(cells: readonly string[], expected: string, at: Where): InputError {
  return new InputError({
    message: `"${cells.join('|').slice(0, 80)}" is no line of sinfo`,
    expected,
    hint: "Maybe sinfo -N -o '%N|%G|%f|%m|%c|%T', header and all.",
    at,
  });
}
