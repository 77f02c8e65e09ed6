import { sameFamily } from '../../catalogue/gpu-names.ts';
import { InputError } from '../../domain/input-error.ts';
import { at, type HostFact } from '../facts/facts.ts';
import type { Identified } from './identified.ts';
import { type Port, portOf } from './ports.ts';

/** The most GPUs of a node in a cluster file (schema/cluster.ts). */
const MAX_GPUS = 1024;

/** GPUs of one kind on hosts that are alike, by every source that names them. */
export interface LikeHosts {
  /** Empty where no source names the hosts. */
  readonly hosts: readonly string[];
  readonly nodes: number;
  readonly sources: readonly Identified[];
  readonly port: Port;
  /** A name that leaves open which GPU it is; null: none does. */
  readonly open: string | null;
}

/** One kind of GPU on one host. */
interface Slot {
  /** Sources, the most exact first. */
  sources: readonly Identified[];
}

/** Like hosts together: by GPU, GPUs a host and network. A host counts once, however many lines name it. */
export function likeHosts(all: readonly Identified[]): LikeHosts[] {
  const groups = new Map<
    string,
    { hosts: string[]; nodes: number; sources: Set<Identified>; port: Port; open: string | null }
  >();
  const add = (sources: readonly Identified[], hosts: readonly string[], nodes: number) => {
    const { ids, pcie, fact } = sources[0]!;
    const features = sources.flatMap((one) => one.fact.features);
    const port = portOf(features, ids[0]!);
    const key = `${ids[0]}/${pcie}/${fact.gpusPerHost}/${port.link}`;
    const group = groups.get(key) ?? { hosts: [], nodes: 0, sources: new Set(), port, open: null };
    group.hosts.push(...hosts);
    group.nodes += nodes;
    for (const source of sources) group.sources.add(source);
    if (ids.length > 1) group.open ??= fact.gpuName ?? `of ${ids.join(', ')}`;
    groups.set(key, group);
  };
  for (const [host, slots] of slotsByHost(all)) for (const { sources } of slots) add(sources, [host], 1);
  for (const one of all) if (one.fact.hosts.length === 0) add([one], [], one.fact.count);
  return [...groups.values()].map((group) => ({ ...group, sources: [...group.sources] }));
}

function slotsByHost(all: readonly Identified[]): Map<string, Slot[]> {
  const byHost = new Map<string, Slot[]>();
  for (const one of all)
    for (const host of one.fact.hosts) {
      const slots = byHost.get(host) ?? [];
      const same = slots.find((slot) => slot.sources[0]!.ids.some((id) => one.ids.includes(id)));
      const other = slots.find((slot) => contradicts(slot.sources[0]!, one));
      if (other !== undefined) throw contradiction(host, other.sources[0]!, one);
      if (same === undefined) slots.push({ sources: [one] });
      else same.sources = [...same.sources, one].toSorted((a, b) => exactness(a) - exactness(b));
      byHost.set(host, slots);
    }
  return byHost;
}

/** Fewer products that a source leaves open come first, then reported memory. */
function exactness({ ids, fact }: Identified): number {
  return ids.length + (fact.memoryMiB === null ? 0.5 : 0);
}

/** One GPU with two counts, or two parts of one family that two files name. */
function contradicts(a: Identified, b: Identified): boolean {
  if (a.ids.some((id) => b.ids.includes(id))) return a.fact.gpusPerHost !== b.fact.gpusPerHost;
  return a.fact.where.file !== b.fact.where.file && sameFamily(a.ids[0]!, b.ids[0]!);
}

/** The fact, if a cluster file can hold it. */
export function checked(fact: HostFact): HostFact {
  const wrong = fact.hosts.find((host) => !/^[\w.:-]+$/.test(host));
  if (wrong !== undefined)
    throw new InputError({
      message: `host name "${wrong}"`,
      expected: 'letters, digits and . _ : -',
      at: fact.where,
    });
  if (!Number.isInteger(fact.gpusPerHost) || fact.gpusPerHost < 1 || fact.gpusPerHost > MAX_GPUS)
    throw new InputError({
      message: `${fact.gpusPerHost} GPUs a host`,
      expected: `1 to ${MAX_GPUS}`,
      at: fact.where,
    });
  return fact;
}

function contradiction(host: string, a: Identified, b: Identified): InputError {
  const words = ({ fact, ids }: Identified) =>
    `${fact.gpusPerHost} × ${fact.gpuName ?? ids[0]} (${at(fact)})`;
  return new InputError({
    message: `${host} has ${words(a)}, and ${words(b)}`,
    expected: 'files that agree on the GPUs of a host',
    hint: 'Maybe one of the files is old: leave it out.',
    at: b.fact.where,
  });
}
