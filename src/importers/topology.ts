import { InputError } from '../domain/input-error.ts';
import { type Facts, type Importer, linesOf, nothing } from './facts.ts';

// Colour codes that nvidia-smi puts around its header.
const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m|\\[\\d+m`, 'g');

/** `nvidia-smi topo -m`: a matrix of link names between GPUs and NICs. */
export const nvidiaSmiTopology: Importer = {
  format: 'nvidia-smi topo -m',
  recognises: (text) => /GPU0/.test(text) && /(NV\d+|PHB|PXB|PIX|SYS|NODE)/.test(text) && /\bX\b/.test(text),
  read(text, file): Facts {
    const lines = linesOf(text.replaceAll(COLOUR, ''));
    const top = lines.findIndex((line) => /^\s*GPU0\b/.test(line) && !/\bX\b/.test(line));
    const columns = (lines[top] ?? '').split(/\t/).map((cell) => cell.trim());
    const names = columns.filter((cell) => /^(GPU|NIC|mlx)\w*$/.test(cell));
    const gpus = names.filter((name) => name.startsWith('GPU')).length;
    let nvlinks = 0;
    let complete = gpus > 1;
    for (let g = 0; g < gpus; g++) {
      const row = lines.slice(top + 1).find((line) => new RegExp(`^\\s*GPU${g}\\b`).test(line));
      const cells = row?.split(/\t/).map((cell) => cell.trim());
      if (cells === undefined || cells.length < gpus + 1) {
        throw new InputError({
          message: `the row of GPU${g} is missing or short`,
          expected: `${gpus} columns, one for each GPU`,
          hint: 'Maybe the output was cut off: run nvidia-smi topo -m again.',
          at: { file, line: top + 1 },
        });
      }
      for (let other = 0; other < gpus; other++) {
        if (other === g) continue;
        const links = /^NV(\d+)$/.exec(cells[other + 1]!);
        nvlinks = Math.max(nvlinks, Number(links?.[1] ?? 0));
        complete = complete && links !== null;
      }
    }
    const nics = names.length - gpus;
    return {
      ...nothing(this.format),
      topologies: [{ gpus, nvlinks, xgmi: false, complete, nics, where: { file, line: top + 1 } }],
    };
  },
};

/** `rocm-smi --showtopo`: the table of link types. */
export const rocmSmiTopology: Importer = {
  format: 'rocm-smi --showtopo',
  recognises: (text) => /ROCm System Management Interface/i.test(text),
  read(text, file): Facts {
    const lines = linesOf(text);
    const rows = lines.flatMap((line, i) => (/^GPU\d+\s+.*(XGMI|PCIE)/.test(line) ? [{ line, i }] : []));
    if (rows.length === 0) {
      throw new InputError({
        message: 'no table of link types',
        expected: 'the output of rocm-smi --showtopo',
        at: { file, line: 1 },
      });
    }
    const cells = rows.map(({ line }) => line.trim().split(/\s+/).slice(1));
    return {
      ...nothing(this.format),
      topologies: [
        {
          gpus: rows.length,
          nvlinks: 0,
          xgmi: cells.some((row) => row.includes('XGMI')),
          complete: cells.every((row, g) => row.every((cell, other) => other === g || cell === 'XGMI')),
          nics: 0,
          where: { file, line: rows[0]!.i + 1 },
        },
      ],
    };
  },
};
