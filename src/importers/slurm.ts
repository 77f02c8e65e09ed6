import { expandHosts } from '../domain/hostlist.ts';
import { type Facts, type HostFact, type Importer, linesOf, nothing, type Where } from './facts.ts';

const UNUSABLE = /DOWN|DRAIN|FAIL|MAINT|NOT_RESPONDING|\*/i;

/** `gpu:h100:8(S:0-1),gpu:l40s:2` */
function gpusOf(gres: string): { name: string; count: number }[] {
  return [...gres.matchAll(/gpu:([A-Za-z0-9_.-]+):(\d+)/g)].map(([, name, count]) => ({
    name: name!,
    count: Number(count),
  }));
}

function hostFacts(hosts: readonly string[], gres: string, features: string, where: Where): HostFact[] {
  const names = expandHosts(hosts);
  return gpusOf(gres).map(({ name, count }) => ({
    hosts: names,
    count: names.length,
    gpuName: name,
    memoryMiB: null,
    gpusPerHost: count,
    pcieGeneration: null,
    features: features === '(null)' ? [] : features.split(','),
    where,
  }));
}

/** `scontrol show nodes`: one block a node; nodes that are down or drained are left out and named. */
export const scontrol: Importer = {
  format: 'scontrol show nodes',
  recognises: (text) => /^NodeName=\S+/m.test(text),
  read(text, file): Facts {
    const hosts: HostFact[] = [];
    const notes: string[] = [];
    const lines = linesOf(text);
    for (const [i, line] of lines.entries()) {
      const name = /^NodeName=(\S+)/.exec(line)?.[1];
      if (name === undefined) continue;
      const end = lines.findIndex((other, j) => j > i && /^NodeName=/.test(other));
      const block = lines.slice(i, end < 0 ? undefined : end).join('\n');
      const field = (key: string) => new RegExp(`\\b${key}=(\\S+)`).exec(block)?.[1] ?? '(null)';
      if (UNUSABLE.test(field('State'))) {
        notes.push(`${name} left out: its state is ${field('State')}`);
        continue;
      }
      hosts.push(...hostFacts([name], field('Gres'), field('AvailableFeatures'), { file, line: i + 1 }));
    }
    return { ...nothing(this.format), hosts, notes };
  },
};

/** `sinfo -N -h -o "%N|%G|%f|%m|%c|%t"`, or the same grouped with -NhG: names, generic resources, features, state. */
export const sinfo: Importer = {
  format: 'sinfo',
  recognises: (text) =>
    linesOf(text).some((line) => /^[^|\s]+\|(?:[^|]*gpu:|\(null\))[^|]*\|/.test(line)) &&
    !/^NodeName=/m.test(text),
  read(text, file): Facts {
    const hosts: HostFact[] = [];
    const notes: string[] = [];
    for (const [i, line] of linesOf(text).entries()) {
      const [name = '', gres = '', features = '(null)', , , state = ''] = line.trim().split('|');
      if (name === '' || gpusOf(gres).length === 0) continue;
      if (UNUSABLE.test(state)) {
        notes.push(`${name} left out: its state is ${state}`);
        continue;
      }
      hosts.push(...hostFacts([name], gres, features, { file, line: i + 1 }));
    }
    return { ...nothing(this.format), hosts, notes };
  },
};

interface SlurmNode {
  readonly name?: string;
  readonly gres?: string;
  readonly features?: readonly string[] | string;
  readonly state?: readonly string[] | string;
}

/** `scontrol show nodes --json`. */
export const slurmJson: Importer = {
  format: 'scontrol show nodes --json',
  recognises: (text) => /^\s*\{/.test(text) && /"nodes"\s*:/.test(text) && /"gres"\s*:/.test(text),
  read(text, file): Facts {
    const { nodes = [] } = JSON.parse(text) as { nodes?: readonly SlurmNode[] };
    const hosts: HostFact[] = [];
    const notes: string[] = [];
    for (const { name, gres, features, state } of nodes) {
      if (name === undefined || gres === undefined) continue;
      const words = [state ?? ''].flat().join('+');
      if (UNUSABLE.test(words)) notes.push(`${name} left out: its state is ${words}`);
      else hosts.push(...hostFacts([name], gres, [features ?? '(null)'].flat().join(','), { file, line: 1 }));
    }
    return { ...nothing(this.format), hosts, notes };
  },
};
