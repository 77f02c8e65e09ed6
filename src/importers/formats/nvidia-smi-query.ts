import { gpuIdOf } from '../../catalogue/gpu-names.ts';
import { InputError } from '../../domain/input-error.ts';
import { at, type Facts, type Importer, linesOf, nothing, type Where } from '../facts/facts.ts';
import { hostFacts, type SeenGpu } from './seen-gpus.ts';

/** One line of the query: one GPU. */
interface Row extends SeenGpu {
  /** Null where the query leaves it out. */
  readonly index: string | null;
  readonly name: string;
  readonly width: number | null;
  readonly mig: boolean;
}

/** `nvidia-smi --query-gpu=name,memory.total,… --format=csv`, any columns, with or without units and header. */
export const nvidiaSmiQuery: Importer = {
  format: 'nvidia-smi --query-gpu',
  recognises: (text) =>
    !/^\s*[{[]/.test(text) &&
    // amd-smi's table has rows of this shape.
    !/^gpu,.*\bmarket_name\b/m.test(text) &&
    linesOf(text).some((line) => isHeader(cellsOf(line)) || bareRow(cellsOf(line)) !== null),
  read(text, file): Facts {
    const machines = machinesOf(linesOf(text), file);
    const hosts = machines.flatMap(hostFacts);
    const notes = new Set<string>();
    for (const row of machines.flat()) {
      const { name, width, mig } = row;
      if (width !== null && width < 16)
        notes.add(`${name} has ${width} PCIe lanes, not the 16 of its link (${at(row)})`);
      if (mig) notes.add(`${name} is cut into slices (MIG): counted as whole (${at(row)})`);
    }
    return { ...nothing(this.format), hosts, notes: [...notes] };
  },
};

/**
 * Rows of each host: rows after a header by its names, others by their shape. Another host starts at a header or at an
 * index that came before (srun and pdsh join their outputs). Other lines are another tool's.
 */
function machinesOf(lines: readonly string[], file: string): Row[][] {
  let header: readonly string[] | null = null;
  const machines: Row[][] = [[]];
  const add = (row: Row) => {
    if (row.index !== null && machines.at(-1)!.some(({ index }) => index === row.index)) machines.push([]);
    machines.at(-1)!.push(row);
  };
  for (const [i, line] of lines.entries()) {
    const cells = cellsOf(line);
    const where = { file, line: i + 1 };
    if (isHeader(cells)) {
      header = cells;
      machines.push([]);
    } else if (!line.includes(',') || /[\t|=]/.test(line)) header = null;
    else if (header !== null) add(headedRow(cells, header, where));
    else {
      const bare = bareRow(cells);
      if (bare !== null) add({ ...bare, where });
      else if (/^\d+\s*,/.test(line)) throw noRow(cells, where);
    }
  }
  return machines;
}

function cellsOf(line: string): string[] {
  return line.split(',').map((cell) => cell.trim());
}

/** `index, name, memory.total [MiB]` */
function isHeader(cells: readonly string[]): boolean {
  return (
    cells.length > 1 &&
    cells.some((cell) => /^(gpu_)?name$/.test(cell)) &&
    !cells.some((cell) => /^\d+$/.test(cell))
  );
}

function headedRow(cells: readonly string[], header: readonly string[], where: Where): Row {
  if (cells.length !== header.length) throw noRow(cells, where);
  const cell = (...names: string[]) => {
    const at = names
      .map((name) => header.findIndex((one) => one.replace(/ \[.*/, '') === name))
      .find((i) => i >= 0);
    return at === undefined ? '' : cells[at]!;
  };
  const figure = (text: string) => (/^\d+/.test(text) ? Number.parseInt(text, 10) : null);
  return {
    index: cell('index') || null,
    name: cell('name', 'gpu_name'),
    memoryMiB: figure(cell('memory.total')),
    // The current generation drops when the GPU idles.
    generation: figure(cell('pcie.link.gen.max', 'pcie.link.gen.gpumax')),
    width: figure(cell('pcie.link.width.max')),
    mig: cell('mig.mode.current') === 'Enabled',
    where,
  };
}

/** Without a header: a GPU's name among the cells, and as memory the largest figure that can be MiB. */
function bareRow(cells: readonly string[]): Omit<Row, 'where'> | null {
  const name = cells.find(isName);
  const memories = cells.flatMap((cell) => /^(\d{4,6})(?: MiB)?$/.exec(cell)?.[1] ?? []).map(Number);
  const listed = cells.some((cell) => /^(\d+|GPU-[\w-]+|\[?N\/A\]?|\d+ MiB)$/.test(cell));
  if (name === undefined || !listed || /^card\d+$/.test(cells[0]!) || cells.some((cell) => /[|=]/.test(cell)))
    return null;
  const memoryMiB = memories.length === 0 ? null : Math.max(...memories);
  const index = /^\d{1,4}$/.test(cells[0]!) ? cells[0]! : null;
  return { index, name, memoryMiB, generation: null, width: null, mig: false };
}

function isName(cell: string): boolean {
  if (!/^[A-Za-z][\w ()/.-]*$/.test(cell) || /^GPU-/.test(cell)) return false;
  return (
    /nvidia|geforce|tesla|quadro|\brtx|\bgtx|amd |titan|grid/i.test(cell) || gpuIdOf(cell, null) !== null
  );
}

function noRow(cells: readonly string[], at: Where): InputError {
  return new InputError({
    message: `"${cells.join(', ').slice(0, 60)}" is no row of nvidia-smi --query-gpu`,
    expected: 'a name and memory.total, as many cells as the header has',
    at,
  });
}
