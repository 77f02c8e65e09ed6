import { isSlice } from '../../catalogue/gpu-names.ts';
import { expandHosts } from '../../domain/hostlist.ts';
import { InputError } from '../../domain/input-error.ts';
import type { Facts, HostFact, Where } from '../facts/facts.ts';
import { asleep, usable } from './node-state.ts';

/** What Slurm says of one node or hostlist, however it was asked. */
export interface SlurmNode {
  readonly name: string;
  readonly gres: string;
  /** Configured trackable resources, which name GPU types where `gres` does not; may be empty. */
  readonly tres: string;
  readonly features: string;
  readonly state: string;
  readonly where: Where;
}

interface Gpus {
  /** Null: `gpu:8`. */
  readonly name: string | null;
  readonly count: number;
}

/** GPUs of the nodes that run jobs; the rest is named in notes. */
export function slurmFacts(nodes: readonly SlurmNode[]): Pick<Facts, 'hosts' | 'unusable' | 'notes'> {
  const hosts: HostFact[] = [];
  const unusable: string[] = [];
  const notes = new Set<string>();
  for (const node of nodes) {
    if (!/\bgpu\b/.test(node.gres)) continue;
    if (!usable(node.state)) {
      for (const host of expandHosts([node.name])) unusable.push(host);
      notes.add(`${node.name} left out: its state is ${node.state}`);
      continue;
    }
    if (asleep(node.state))
      notes.add(`${node.name} counted though switched off (${node.state}): Slurm starts it`);
    for (const { name, count } of gpusOf(node)) {
      if (name !== null && isSlice(name))
        notes.add(`${node.name}: ${count} ${name} left out: slices of a GPU (MIG)`);
      else if (count > 0) hosts.push(factOf(node, name, count));
    }
  }
  return { hosts, unusable, notes: [...notes] };
}

function factOf({ name, features, where }: SlurmNode, gpuName: string | null, gpusPerHost: number): HostFact {
  const hosts = expandHosts([name]);
  return {
    hosts,
    count: hosts.length,
    gpuName,
    memoryMiB: null,
    gpusPerHost,
    pcieGeneration: null,
    features: features.split(/[,&|]/).filter((word) => word !== '' && word !== '(null)'),
    where,
  };
}

/** `gpu:h100:8(S:0-1),gpu:l40s:2`; untyped `gpu:8` takes the types that CfgTRES counts. */
function gpusOf({ gres, tres, where }: SlurmNode): Gpus[] {
  const counts = new Map<string | null, number>();
  for (const token of new Set(gres.match(/(?:[^,(\s]|\([^)]*\))+/g))) {
    const { kind, name, count, sockets } = tokenOf(token);
    if (kind !== 'gpu') continue;
    const known = counts.get(name);
    if (known !== undefined && !sockets) throw repeated(token, where);
    counts.set(name, (known ?? 0) + count);
  }
  const gpus = [...counts].map(([name, count]) => ({ name, count }));
  const typed = [...tres.matchAll(/gres\/gpu:([^=,\s]+)=(\d+)/g)].map(([, name, count]) => ({
    name: name!,
    count: Number(count),
  }));
  const whole = typed.reduce((sum, { count }) => sum + count, 0);
  return gpus.length === 1 && gpus[0]!.name === null && gpus[0]!.count === whole ? typed : gpus;
}

/** `gpu:h100:8(S:0-1)`, `gpu:8`, `gpu:h100`, `gpu:h100:no_consume:8` (slurm.conf, Gres). */
function tokenOf(token: string) {
  const [kind, ...rest] = token.replace(/\(.*/, '').split(':');
  const words = rest.filter((word) => word !== 'no_consume');
  const count = /^\d+$/.test(words.at(-1) ?? '') ? Number(words.pop()) : 1;
  return { kind, name: words[0] ?? null, count, sockets: token.includes('(S:') };
}

function repeated(token: string, at: Where): InputError {
  return new InputError({
    message: `${token} contradicts the same GPU before it`,
    expected: 'one count for each GPU type of a node',
    at,
  });
}
