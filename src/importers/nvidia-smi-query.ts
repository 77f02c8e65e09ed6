import { InputError } from '../domain/input-error.ts';
import { type Facts, type HostFact, type Importer, linesOf, nothing } from './facts.ts';

const ROW =
  /^\s*(\d+)\s*,\s*([^,]*(?:nvidia|geforce|tesla|quadro|rtx|amd)[^,]*?)\s*,\s*(\d+)\s*(?:MiB)?\s*(?:,(.*))?$/i;

/** `nvidia-smi --query-gpu=index,name,memory.total,… --format=csv`, with or without units and header: one host. */
export const nvidiaSmiQuery: Importer = {
  format: 'nvidia-smi --query-gpu',
  recognises: (text) =>
    linesOf(text).some((line) => ROW.test(line)) && !/^#|bandwidth/im.test(text) && !/^\s*[{[]/.test(text),
  read(text, file): Facts {
    const lines = linesOf(text);
    const header = lines
      .find((line) => /^\s*index\s*,/i.test(line))
      ?.split(',')
      .map((cell) => cell.trim());
    const byName = new Map<
      string,
      { name: string; memoryMiB: number; gpus: number; line: number; generation: number | null }
    >();
    for (const [i, line] of lines.entries()) {
      if (line.trim() === '' || /^\s*index\s*,/i.test(line)) continue;
      const row = ROW.exec(line);
      if (row === null) {
        throw new InputError({
          message: `"${line.trim().slice(0, 60)}" is no row of nvidia-smi --query-gpu`,
          expected: 'index, name, memory.total',
          at: { file, line: i + 1 },
        });
      }
      const [, , name = '', memory = '0', rest] = row;
      const at = header?.findIndex((cell) => cell.startsWith('pcie.link.gen')) ?? -1;
      const gen = at >= 3 ? Number(rest?.split(',')[at - 3]) : Number.NaN;
      const known = byName.get(name);
      if (known !== undefined) known.gpus += 1;
      else {
        const generation = Number.isInteger(gen) ? gen : null;
        byName.set(name, { name, memoryMiB: Number(memory), gpus: 1, line: i + 1, generation });
      }
    }
    const hosts = [...byName.values()].map(
      ({ name, memoryMiB, gpus, line, generation }): HostFact => ({
        hosts: [],
        count: 1,
        gpuName: name,
        memoryMiB,
        gpusPerHost: gpus,
        pcieGeneration: generation,
        features: [],
        where: { file, line },
      }),
    );
    return { ...nothing(this.format), hosts };
  },
};
