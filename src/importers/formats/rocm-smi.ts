import { type Facts, type Importer, linesOf, nothing } from '../facts/facts.ts';
import { hostFacts } from './seen-gpus.ts';
import { xgmiTopology } from './xgmi-topology.ts';

/** `rocm-smi --showtopo`: the table of link types. */
export const rocmSmiTopology: Importer = {
  format: 'rocm-smi --showtopo',
  recognises: (text) => /Link Type between two GPUs/i.test(text),
  read(text, file): Facts {
    const lines = linesOf(text);
    const title = lines.findIndex((line) => /Link Type between two GPUs/i.test(line));
    const table = lines.slice(title + 1);
    const end = table.findIndex((line) => /^=/.test(line));
    const rows = table.slice(0, end < 0 ? undefined : end).flatMap((line) => {
      const [name, ...cells] = line.trim().split(/\s+/);
      return /^GPU\d+$/.test(name!) && !/^GPU\d/.test(cells[0] ?? 'GPU0') ? [cells] : [];
    });
    return xgmiTopology(this.format, rows, { file, line: title + 1 });
  },
};

/** `rocm-smi --showproductname --showmeminfo vram`, as text or with --csv: the GPUs of one host. */
export const rocmSmiProduct: Importer = {
  format: 'rocm-smi --showproductname',
  recognises: (text) =>
    /^GPU\[\d+\].*(Card series|VRAM Total Memory)|^device,.*(Card series|VRAM Total)/im.test(text),
  read(text, file): Facts {
    const lines = linesOf(text);
    const cells = [...textCells(lines), ...csvCells(lines)];
    const gpus = new Map<string, { name: string | null; memoryMiB: number | null; line: number }>();
    for (const { gpu, key, value, line } of cells) {
      const known = gpus.get(gpu) ?? { name: null, memoryMiB: null, line };
      if (/^card series$/i.test(key)) gpus.set(gpu, { ...known, name: value === 'N/A' ? null : value });
      if (/^VRAM Total Memory/i.test(key)) gpus.set(gpu, { ...known, memoryMiB: Number(value) / 2 ** 20 });
    }
    const seen = [...gpus.values()].map(({ name, memoryMiB, line }) => ({
      name,
      memoryMiB: memoryMiB === null ? null : Math.floor(memoryMiB),
      generation: null,
      where: { file, line },
    }));
    return { ...nothing(this.format), hosts: hostFacts(seen) };
  },
};

interface Cell {
  readonly gpu: string;
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** `GPU[0]		: Card Series: 		AMD Instinct MI300X` */
function textCells(lines: readonly string[]): Cell[] {
  return lines.flatMap((line, i) => {
    const [, gpu, key, value] = /^GPU\[(\d+)\]\s*:\s*([^:]+):\s*(.+?)\s*$/.exec(line) ?? [];
    return value === undefined ? [] : [{ gpu: gpu!, key: key!.trim(), value, line: i + 1 }];
  });
}

/** `device,Card Series,Card Model` and `card0,AMD Instinct MI300X,0x74a1` */
function csvCells(lines: readonly string[]): Cell[] {
  let header: string[] = [];
  return lines.flatMap((line, i) => {
    const values = line.split(',').map((value) => value.trim());
    if (values[0] === 'device') header = values;
    const gpu = /^card(\d+)$/.exec(values[0]!)?.[1];
    return gpu === undefined
      ? []
      : header.slice(1).map((key, j) => ({ gpu, key, value: values[j + 1] ?? '', line: i + 1 }));
  });
}
