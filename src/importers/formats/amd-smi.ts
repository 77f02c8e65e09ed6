import { type Facts, type Importer, linesOf, nothing } from '../facts/facts.ts';
import { record } from './json-shape.ts';
import { hostFacts, type SeenGpu } from './seen-gpus.ts';
import { xgmiTopology } from './xgmi-topology.ts';

/** `amd-smi static`: a block for each GPU, with MARKET_NAME under ASIC and SIZE under VRAM. */
export const amdSmiStatic: Importer = {
  format: 'amd-smi static',
  recognises: (text) => /^GPU: \d+\s*$/m.test(text) && /^\s+MARKET_NAME:/m.test(text),
  read(text, file): Facts {
    const lines = linesOf(text);
    const starts = lines.flatMap((line, i) => (/^GPU: \d+\s*$/.test(line) ? [i] : []));
    const gpus = starts.map((start, i) =>
      gpuOf(lines.slice(start, starts[i + 1] ?? lines.length), file, start + 1),
    );
    return staticFacts(this.format, gpus, file);
  },
};

/** `amd-smi static --json`: a list of GPUs, or {"gpu_data": […]}. */
export const amdSmiJson: Importer = {
  format: 'amd-smi static --json',
  recognises: (text) => /^\s*[{[]/.test(text) && /"market_name"/i.test(text),
  read(text, file): Facts {
    const document: unknown = JSON.parse(text);
    const listed = Array.isArray(document) ? document : list(record(document).gpu_data);
    return staticFacts(
      this.format,
      listed.map(record).map(({ asic, vram }) => {
        const { size } = record(vram);
        return {
          name: wordOf(record(asic).market_name),
          memoryMiB: mebibytes(
            typeof size === 'object' ? `${record(size).value} ${record(size).unit}` : size,
          ),
          generation: null,
          where: { file, line: 1 },
        };
      }),
      file,
    );
  },
};

/** `amd-smi static --csv`: a row for each GPU, with market_name and size (of vram) among its columns. */
export const amdSmiCsv: Importer = {
  format: 'amd-smi static --csv',
  recognises: (text) => /^gpu,.*\bmarket_name\b/m.test(text),
  read(text, file): Facts {
    const lines = linesOf(text);
    const top = lines.findIndex((line) => /^gpu,.*\bmarket_name\b/.test(line));
    const header = lines[top]!.split(',');
    const gpus = lines.flatMap((line, i) => {
      const cells = line.split(',');
      if (i <= top || !/^\d+$/.test(cells[0]!) || cells.length !== header.length) return [];
      const cell = (name: string) => cells[header.indexOf(name)];
      const where = { file, line: i + 1 };
      return [
        { name: wordOf(cell('market_name')), memoryMiB: mebibytes(cell('size')), generation: null, where },
      ];
    });
    return staticFacts(this.format, gpus, file);
  },
};

/** `amd-smi topology`: the table of link types, by bus address. */
export const amdSmiTopology: Importer = {
  format: 'amd-smi topology',
  recognises: (text) => /^LINK TYPE TABLE:/m.test(text),
  read(text, file): Facts {
    const lines = linesOf(text);
    const title = lines.findIndex((line) => line.startsWith('LINK TYPE TABLE:'));
    const rows: string[][] = [];
    for (const line of lines.slice(title + 2)) {
      const [name, ...cells] = line.trim().split(/\s+/);
      if (!/^[0-9a-f]+:[0-9a-f]{2}:[0-9a-f]{2}\.\d$/i.test(name!) || cells.length === 0) break;
      rows.push(cells);
    }
    return xgmiTopology(this.format, rows, { file, line: title + 1 });
  },
};

/** GPUs of one host; where the last block ends before its memory, the output was cut off and there may be more. */
function staticFacts(format: string, gpus: readonly SeenGpu[], file: string): Facts {
  const cut = gpus.length > 1 && gpus.at(-1)!.memoryMiB === null && gpus[0]!.memoryMiB !== null;
  const hosts = hostFacts(gpus);
  return {
    ...nothing(format),
    hosts: cut ? hosts.map((host) => ({ ...host, atLeast: true as const })) : hosts,
    notes: cut
      ? [`${file} ends inside a block: there may be more than the ${gpus.length} GPUs that it shows`]
      : [],
  };
}

function gpuOf(block: readonly string[], file: string, line: number): SeenGpu {
  const value = (key: string) =>
    block
      .map((one) => new RegExp(`^\\s+${key}:\\s*(.+?)\\s*$`).exec(one)?.[1])
      .find((found) => found !== undefined);
  return {
    name: wordOf(value('MARKET_NAME')),
    memoryMiB: mebibytes(value('SIZE')),
    generation: null,
    where: { file, line },
  };
}

/** Memory as amd-smi writes it: its MB are 2²⁰ bytes. */
function mebibytes(value: unknown): number | null {
  const [, figure, unit] = /^(\d+(?:\.\d+)?) ?(MB|MiB|GB|GiB)?$/.exec(String(value ?? '')) ?? [];
  return figure === undefined
    ? null
    : Math.floor(Number(figure) * (unit?.startsWith('G') === true ? 1024 : 1));
}

function wordOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value !== 'N/A' ? value : null;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
