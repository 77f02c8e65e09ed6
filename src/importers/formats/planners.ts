import { InputError } from '../../domain/input-error.ts';
import { type Facts, type HostFact, type Importer, nothing, type Where } from '../facts/facts.ts';
import { amountOf, type JsonRecord, listOf, recordOf, textOf } from './json-shape.ts';

/** Zorse's cluster_info.json (github.com/benson-guo/zorse, example/cluster_info.json). */
export const zorse: Importer = {
  format: 'Zorse cluster_info.json',
  recognises: (text) => /^\s*\{/.test(text) && /"machines"\s*:/.test(text) && /"gpus"\s*:/.test(text),
  read(text, file): Facts {
    const where = { file, line: 1 };
    const { machines } = recordOf(JSON.parse(text), 'the document', where);
    const hosts = listOf(machines, 'machines', where).flatMap((machine, i) =>
      machineFacts(recordOf(machine, `machines[${i}]`, where), `machines[${i}]`, where),
    );
    return { ...nothing(this.format), hosts };
  },
};

/** GPUs of a machine by name and memory, each listed by itself in the file. */
function machineFacts({ machine, gpus }: JsonRecord, what: string, where: Where): HostFact[] {
  const host = textOf(machine, `machine of ${what}`, where);
  const byName = new Map<string, HostFact>();
  for (const one of listOf(gpus, `gpus of ${host}`, where)) {
    const gpu = recordOf(one, `a GPU of ${host}`, where);
    const gpuName = textOf(gpu.name, `name of a GPU of ${host}`, where);
    const memoryMiB = amountOf(gpu.memory_total_mib, `memory_total_mib of ${gpuName} on ${host}`, where);
    const key = `${gpuName}/${memoryMiB}`;
    const gpusPerHost = (byName.get(key)?.gpusPerHost ?? 0) + 1;
    byName.set(key, { ...bare(gpuName, gpusPerHost, where), hosts: [host], memoryMiB });
  }
  return [...byName.values()];
}

/** HexiScale's and FlashFlex's machine_amounts.json: {"A100": {"3": 1}} is one machine with three A100. */
export const hexiscale: Importer = {
  format: 'HexiScale machine_amounts.json',
  recognises: (text) => /^\s*\{/.test(text) && /"machine_amounts"\s*:/.test(text),
  read(text, file): Facts {
    const where = { file, line: 1 };
    const document = recordOf(JSON.parse(text), 'the document', where);
    const specs = recordOf(document.machine_specs ?? {}, 'machine_specs', where);
    const amounts = recordOf(document.machine_amounts, 'machine_amounts', where);
    const hosts = Object.entries(amounts).flatMap(([name, sizes]) => {
      // The second figure of machine_specs is memory, GB.
      const figures = listOf(specs[name] ?? [], `machine_specs of ${name}`, where);
      const memory = amountOf(figures[1], `memory of ${name} in machine_specs`, where);
      const memoryMiB = memory === null ? null : memory * 1024;
      return Object.entries(recordOf(sizes, `machine_amounts of ${name}`, where)).map(([gpus, count]) => ({
        // A digit after the name tells entries of one GPU apart.
        ...bare(name.replace(/-\d$/, ''), Number(gpus), where),
        memoryMiB,
        count: machinesOf(name, gpus, count, where),
        counted: true as const,
      }));
    });
    return { ...nothing(this.format), hosts };
  },
};

function machinesOf(name: string, gpus: string, count: unknown, at: Where): number {
  if (/^[1-9]\d*$/.test(gpus) && typeof count === 'number' && Number.isInteger(count) && count > 0)
    return count;
  throw new InputError({
    message: `machine_amounts of ${name}: "${gpus}": ${String(count)}`,
    expected: 'GPUs in a machine, and how many such machines: {"8": 2}',
    at,
  });
}

function bare(gpuName: string, gpusPerHost: number, where: Where): HostFact {
  return {
    hosts: [],
    count: 1,
    gpuName,
    memoryMiB: null,
    gpusPerHost,
    pcieGeneration: null,
    features: [],
    where,
  };
}
