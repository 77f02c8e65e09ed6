import { InputError } from '../../domain/input-error.ts';
import {
  type Facts,
  type Importer,
  linesOf,
  nothing,
  type TopologyFact,
  type Where,
} from '../facts/facts.ts';
import { meshOf } from '../facts/mesh.ts';
import { cardsOf } from './topology-cards.ts';

// Colour codes that nvidia-smi puts around its header.
const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m|\\[\\d+m`, 'g');

/** `nvidia-smi topo -m`: a matrix of link names between GPUs and network cards, with tabs or spaces. */
export const nvidiaSmiTopology: Importer = {
  format: 'nvidia-smi topo -m',
  recognises: (text) => /^\s*GPU\d+\s+.*\bCPU Affinity\b|^\s*GPU0\s+X\b/m.test(text.replaceAll(COLOUR, '')),
  read(text, file): Facts {
    const lines = linesOf(text.replaceAll(COLOUR, ''));
    const top = lines.findIndex((line) => columnsOf(line).length > 0 && !/\bX\b/.test(line));
    const where = { file, line: Math.max(0, top) + 1 };
    const columns = columnsOf(lines[top] ?? '');
    const gpus = columns.filter((name) => /^GPU\d+$/.test(name)).length;
    if (gpus === 0) throw noGpus(where);
    const rows = Array.from({ length: gpus }, (_, gpu) => rowOf(lines.slice(top + 1), gpu, columns, where));
    const links = rows.map((row) =>
      row.slice(0, gpus).map((cell) => Number(/^NV(\d+)$/.exec(cell)?.[1] ?? 0)),
    );
    const nvlinks = Math.max(...links.flat());
    const topology: TopologyFact = {
      vendor: 'nvidia',
      gpus,
      nvlinks,
      nvlinksPerGpu: Math.max(...links.map((row) => row.reduce((sum, count) => sum + count, 0))),
      mesh: meshOf(links),
      links,
      ...cardsOf({
        names: columns.slice(gpus).map((card) => deviceOf(card, lines)),
        toGpus: rows.map((row) => row.slice(gpus)),
        among: columns.slice(gpus).map((card) => cellsOf(lines.slice(top + 1), card)?.slice(gpus) ?? null),
      }),
      where,
    };
    return { ...nothing(this.format), topologies: [topology] };
  },
};

/** Names of a header's columns up to `CPU Affinity`. */
function columnsOf(line: string): string[] {
  const words = line.trim().split(/\s+/);
  const end = words.indexOf('CPU');
  return /^(GPU|NIC|mlx|CPU)/.test(words[0] ?? '') ? words.slice(0, end < 0 ? undefined : end) : [];
}

/** What stands after a row's name. */
function cellsOf(lines: readonly string[], name: string): string[] | undefined {
  return lines
    .map((line) => line.trim().split(/\s+/))
    .find(([first]) => first === name)
    ?.slice(1);
}

function rowOf(lines: readonly string[], gpu: number, columns: readonly string[], where: Where): string[] {
  const cells = cellsOf(lines, `GPU${gpu}`)?.slice(0, columns.length) ?? [];
  if (cells.length < columns.length || cells[gpu] !== 'X')
    throw new InputError({
      message: `the row of GPU${gpu} is missing or short`,
      expected: `${columns.length} columns, one for each of ${columns.join(', ')}`,
      hint: 'Maybe the output was cut off: run nvidia-smi topo -m again.',
      at: where,
    });
  const odd = cells.find((cell) => !/^(X|NV\d+|PIX|PXB|PHB|NODE|SYS|SOC)$/.test(cell));
  if (odd !== undefined)
    throw new InputError({
      message: `"${odd}" in the row of GPU${gpu}`,
      expected: 'X, NV#, PIX, PXB, PHB, NODE or SYS, as nvidia-smi topo -m writes',
      at: where,
    });
  return cells;
}

/** The device of a column: `NIC0: mlx5_0` of the legend, or the column's own name with older drivers. */
function deviceOf(card: string, lines: readonly string[]): string | null {
  if (!/^NIC\d+$/.test(card)) return card;
  const legend = lines.find((line) => line.trim().startsWith(`${card}:`));
  return /:\s*([A-Za-z0-9][\w.:-]*)\s*$/.exec(legend ?? '')?.[1] ?? null;
}

function noGpus(at: Where): InputError {
  return new InputError({
    message: 'the topology has no columns of GPUs',
    expected: 'GPU0, GPU1, … in the first line of nvidia-smi topo -m',
    hint: 'Maybe run it on a host with GPUs.',
    at,
  });
}
