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

/** Nodes of a partition of which only the number is said. */
interface SlurmPart extends SlurmNode {
  readonly partition: string;
  /** Null: not said. */
  readonly nodes: number | null;
}

/**
 * GPUs of partitions that name no nodes. Partitions may have nodes in common: of each kind of GPU those of the partition that
 * has most count, and the others are noted.
 */
export function countedFacts(parts: readonly SlurmPart[]): Pick<Facts, 'hosts' | 'notes'> {
  const kinds = new Map<string, { name: string | null; count: number; parts: SlurmPart[] }>();
  for (const part of parts) {
    if (!/\bgpu\b/.test(part.gres) || !usable(part.state)) continue;
    for (const { name, count } of gpusOf(part)) {
      if (count === 0 || (name !== null && isSlice(name))) continue;
      const kind = kinds.get(`${name}/${count}`) ?? { name, count, parts: [] };
      kind.parts.push(part);
      kinds.set(`${name}/${count}`, kind);
    }
  }
  const notes: string[] = [];
  const hosts = [...kinds.values()].map(({ name, count, parts: own }): HostFact => {
    const sums = new Map<string, number>();
    for (const { partition, nodes } of own) sums.set(partition, (sums.get(partition) ?? 0) + (nodes ?? 0));
    const most = Math.max(...sums.values());
    const all = [...sums.values()].reduce((sum, one) => sum + one, 0);
    if (all > most)
      notes.push(
        `${[...sums.keys()].join(', ')} may have nodes in common: ${most} with ${count} ${name ?? 'GPUs'} counted (${all} if none is)`,
      );
    const { features, where } = own[0]!;
    return {
      hosts: [],
      count: Math.max(1, most),
      ...(most > 0 ? { counted: true as const } : {}),
      gpuName: name,
      memoryMiB: null,
      gpusPerHost: count,
      pcieGeneration: null,
      features: wordsOf(features),
      where,
    };
  });
  return { hosts, notes };
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
    features: wordsOf(features),
    where,
  };
}

function wordsOf(features: string): string[] {
  return features.split(/[,&|]/).filter((word) => word !== '' && word !== '(null)');
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
