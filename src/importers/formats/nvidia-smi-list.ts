import { type Facts, type Importer, linesOf, nothing } from '../facts/facts.ts';
import { withoutRank, withoutRanks } from './rank-prefix.ts';
import { byHost, hostFacts } from './seen-gpus.ts';

// "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-…)", "  MIG 1g.10gb     Device  0: (UUID: MIG-…)".
const GPU = /^GPU (\d+): (.+?)(?: \(UUID:.*)?\s*$/;
const SLICE = /^\s+MIG \S+\s+Device\s+\d+:/;

/** `nvidia-smi -L`: a line for each GPU. */
export const nvidiaSmiList: Importer = {
  format: 'nvidia-smi -L',
  recognises: (text) => /^GPU \d+: .+\(UUID: /m.test(withoutRanks(text)),
  read(text, file): Facts {
    const lines = linesOf(text).map(withoutRank);
    const rows = lines.flatMap((line, i) => {
      const [, index, name] = GPU.exec(line) ?? [];
      const where = { file, line: i + 1 };
      return name === undefined ? [] : [{ index: index!, name, memoryMiB: null, generation: null, where }];
    });
    const slice = lines.findIndex((line) => SLICE.test(line));
    return {
      ...nothing(this.format),
      hosts: byHost(rows).flatMap(hostFacts),
      notes: slice < 0 ? [] : [`GPUs are cut into slices (MIG): counted as whole (${file}:${slice + 1})`],
    };
  },
};
