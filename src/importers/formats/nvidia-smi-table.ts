import { type Facts, type Importer, linesOf, nothing } from '../facts/facts.ts';
import { withoutRank, withoutRanks } from './rank-prefix.ts';
import { byHost, hostFacts, type SeenGpu } from './seen-gpus.ts';

// "|   0  NVIDIA H20                     On  | 00000000:65:00.0 Off |                    0 |"
const GPU = /^\|\s+(\d+)\s+(\S.*?)\s+(?:On|Off|N\/A|WDDM|TCC)\s+\|\s*[0-9A-F]+:[0-9A-F]{2}:[0-9A-F]{2}\.\d/i;
// "| N/A   27C    P0              74W / 500W |      0MiB / 97871MiB |      0%      Default |"
const MEMORY = /\d+MiB\s*\/\s*(\d+)MiB/;
/** Lines of one GPU after its name: memory, then the mode of MIG. */
const MOST_LINES = 3;

/** `nvidia-smi` alone: its table. Older drivers cut long names off. */
export const nvidiaSmiTable: Importer = {
  format: 'nvidia-smi',
  recognises: (text) =>
    /^\|\s*NVIDIA-SMI\s/m.test(withoutRanks(text)) ||
    withoutRanks(text)
      .split('\n')
      .some((line) => GPU.test(line)),
  read(text, file): Facts {
    const lines = linesOf(text).map(withoutRank);
    const rows = lines.flatMap((line, i) => {
      const [, index, name] = GPU.exec(line) ?? [];
      if (name === undefined) return [];
      const below = lines.slice(i + 1, i + 1 + MOST_LINES);
      const end = below.findIndex((one) => GPU.test(one));
      return [rowOf(index!, name, end < 0 ? below : below.slice(0, end), { file, line: i + 1 })];
    });
    const sliced = rows.find(({ mig }) => mig);
    return {
      ...nothing(this.format),
      hosts: byHost(rows).flatMap(hostFacts),
      notes:
        sliced === undefined
          ? []
          : [`${sliced.name} is cut into slices (MIG): counted as whole (${file}:${sliced.where.line})`],
    };
  },
};

function rowOf(index: string, name: string, below: readonly string[], where: SeenGpu['where']) {
  const memory = below.map((line) => MEMORY.exec(line)?.[1]).find((found) => found !== undefined);
  return {
    index,
    name: name.replace(/[-_ ]*\.\.\.$/, ''),
    memoryMiB: memory === undefined ? null : Number(memory),
    generation: null,
    mig: below.some((line) => /\|\s*Enabled\s*\|\s*$/.test(line)),
    where,
  };
}
