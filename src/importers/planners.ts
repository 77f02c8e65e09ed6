import { InputError } from '../domain/input-error.ts';
import { type Facts, type HostFact, type Importer, nothing } from './facts.ts';

interface ZorseMachine {
  readonly machine: string;
  readonly gpus: readonly { readonly name: string; readonly memory_total_mib?: number }[];
}

/** Zorse's cluster_info.json (github.com/benson-guo/zorse, example/cluster_info.json). */
export const zorse: Importer = {
  format: 'Zorse cluster_info.json',
  recognises: (text) => /^\s*\{/.test(text) && /"machines"\s*:/.test(text) && /"gpus"\s*:/.test(text),
  read(text, file): Facts {
    const { machines } = JSON.parse(text) as { machines: readonly ZorseMachine[] };
    const where = { file, line: 1 };
    const hosts = machines.flatMap(({ machine, gpus }) => {
      const byName = new Map<string, HostFact>();
      for (const { name, memory_total_mib: memory } of gpus) {
        const known = byName.get(name);
        byName.set(name, {
          hosts: [machine],
          count: 1,
          gpuName: name,
          memoryMiB: memory ?? null,
          gpusPerHost: (known?.gpusPerHost ?? 0) + 1,
          pcieGeneration: null,
          features: [],
          where,
        });
      }
      return [...byName.values()];
    });
    return { ...nothing(this.format), hosts };
  },
};

/** HexiScale's and FlashFlex's machine_amounts.json: {"A100": {"3": 1}} is one machine with three A100. */
export const hexiscale: Importer = {
  format: 'HexiScale machine_amounts.json',
  recognises: (text) => /^\s*\{/.test(text) && /"machine_amounts"\s*:/.test(text),
  read(text, file): Facts {
    const document = JSON.parse(text) as {
      machine_amounts: Readonly<Record<string, Readonly<Record<string, number>>>>;
      machine_specs?: Readonly<Record<string, readonly number[]>>;
    };
    const where = { file, line: 1 };
    const hosts = Object.entries(document.machine_amounts).flatMap(([name, sizes]) =>
      Object.entries(sizes).map(([gpus, count]): HostFact => {
        if (!/^\d+$/.test(gpus) || !Number.isInteger(count) || count < 1) {
          throw new InputError({
            message: `machine_amounts of ${name}: "${gpus}": ${String(count)}`,
            expected: 'GPUs in a machine, and how many such machines: {"8": 2}',
            at: where,
          });
        }
        // The second figure of machine_specs is memory, GB.
        const memory = document.machine_specs?.[name]?.[1];
        return {
          hosts: [],
          count,
          gpuName: name.replace(/-\d+$/, ''),
          memoryMiB: memory === undefined ? null : memory * 1024,
          gpusPerHost: Number(gpus),
          pcieGeneration: null,
          features: [],
          where,
        };
      }),
    );
    return { ...nothing(this.format), hosts };
  },
};
