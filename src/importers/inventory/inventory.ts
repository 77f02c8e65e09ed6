import { InputError } from '../../domain/input-error.ts';
import { at, type Facts, type HostFact, type PortFact, type TopologyFact } from '../facts/facts.ts';
import { describedGroup, gpusOf, type InventoryGroup } from './described-group.ts';
import { checked, likeHosts } from './host-index.ts';
import {
  byDies,
  couldBe,
  type Identified,
  identified,
  isUntyped,
  type KnownGpus,
  productIn,
  sourceOf,
} from './identified.ts';
import { type Island, islandsOf } from './islands.ts';
import { withSharedCards } from './shared-cards.ts';
import { matchedTopologies, topologyWords } from './topology-match.ts';
import { seenOnce } from './views.ts';

export type { InventoryGroup, KnownGpus };

export interface Inventory {
  readonly groups: readonly InventoryGroup[];
  /** What no source said of the whole. */
  readonly unknown: readonly string[];
  readonly notes: readonly string[];
}

/** Which GPUs there are, on which hosts, and how they are joined, by all files together. */
export function inventoryOf(all: readonly Facts[], gpus: KnownGpus): Inventory {
  const usable = usableFacts(all).map(checked);
  const topologies = all.flatMap((one) => one.topologies);
  if (usable.length === 0) throw nothingNamed(all, topologies);
  const { facts, unknown } = seenOnce(usable, topologies, gpus);
  const { known, notes } = identifiedFacts(facts, topologies, gpus);
  const likes = likeHosts(known);
  const { matches, unused } = matchedTopologies(likes.map(gpusOf), topologies);
  const ports = all.flatMap((one) => one.ports);
  const pairs = all.flatMap((one) => one.pairs);
  const islands = likes.flatMap((like, i) => islandsOf(like, matches[i]!));
  const described = islands.map((island) =>
    describedGroup(island, gpus, portsOf(island, ports, likes.length), pairs),
  );
  const groups = uniqueIds(withSharedCards(described.map(({ group }) => group)));
  return {
    groups,
    unknown: [...uncounted(facts, groups), ...unknown],
    notes: [
      ...new Set([
        ...notes,
        ...described.flatMap((one) => one.notes),
        ...unused.map(
          (one) => `${at(one)} (${topologyWords(one)}) is of no host that is listed here: not used`,
        ),
      ]),
    ],
  };
}

/** Facts without the hosts that some file says run no jobs. */
function usableFacts(all: readonly Facts[]): HostFact[] {
  const unusable = new Set(all.flatMap((one) => one.unusable));
  return all.flatMap((one) =>
    one.hosts.flatMap((fact) => {
      const hosts = fact.hosts.filter((host) => !unusable.has(host));
      const none = fact.hosts.length > 0 && hosts.length === 0;
      return none ? [] : [{ ...fact, hosts, count: fact.hosts.length > 0 ? hosts.length : fact.count }];
    }),
  );
}

/** Facts whose GPU is known, each with what samples of like hosts add; the others are left out by name. */
function identifiedFacts(
  facts: readonly HostFact[],
  topologies: readonly TopologyFact[],
  gpus: KnownGpus,
): { known: readonly Identified[]; notes: readonly string[] } {
  const products = facts.map((fact) => ({ fact, product: productIn(gpus, fact) }));
  const stranger = ({ fact, product }: (typeof products)[number]) => product === null && !isUntyped(fact);
  const strangers = products.filter(stranger).map(({ fact }) => fact);
  if (strangers.length === facts.length) throw unknownGpu(strangers[0]!, gpus);
  const usable = products.filter((one) => !stranger(one));
  const nameless = usable.filter(({ fact }) => fact.hosts.length === 0);
  const named = usable.filter(({ fact }) => fact.hosts.length > 0);
  const typed = named.length > 0 ? nameless.filter(({ fact }) => !isUntyped(fact)) : [];
  const samples = typed.map(({ fact, product }) => identified(fact, product, [], gpus));
  const listed = named.length > 0 ? named : nameless;
  const known = listed.map(({ fact, product }) =>
    byDies(identified(fact, product, samples, gpus), topologies),
  );
  const unused = samples.filter(
    (sample) => !listed.some(({ fact, product }) => couldBe(sample, fact, product)),
  );
  return {
    known,
    notes: [
      ...strangers.map((fact) => `${hostsOf(fact)} left out: ${sourceOf(fact)} is not in the catalogue`),
      ...unused.map(
        ({ fact }) =>
          `${fact.gpusPerHost} × ${sourceOf(fact)} is on no host that the other files name: not used`,
      ),
    ],
  };
}

/** Ports of the hosts of a group: by name; without one, where there is one kind of hosts or its cards have those names. */
function portsOf({ like, topology }: Island, ports: readonly PortFact[], kinds: number): PortFact[] {
  return ports.filter(({ host, devices }) =>
    host === null
      ? kinds === 1 || devices.some((device) => topology?.nicNames.includes(device) === true)
      : like.hosts.includes(host),
  );
}

/** Hosts that nothing counts: each output of a tool that sees one host is taken as one. */
function uncounted(facts: readonly HostFact[], groups: readonly InventoryGroup[]): string[] {
  const open = facts.filter(
    ({ hosts, counted, among }) => counted !== true && (hosts.length === 0 || among !== undefined),
  );
  if (open.length === 0 || facts.some(({ hosts, among }) => hosts.length > 0 && among === undefined))
    return [];
  const oneHost = groups.length === 1 || new Set(groups.map(({ hosts, id }) => hosts[0] ?? id)).size === 1;
  return oneHost && groups.every(({ nodes }) => nodes === 1)
    ? ['host names and how many hosts there are: one is assumed']
    : ['host names, and whether there are more hosts than those that the files are of'];
}

function hostsOf({ hosts, count }: HostFact): string {
  const words = hosts.length > 3 ? `${hosts.slice(0, 3).join(', ')} … (${hosts.length})` : hosts.join(', ');
  return hosts.length > 0 ? words : `${count} host${count === 1 ? '' : 's'}`;
}

function uniqueIds(groups: readonly InventoryGroup[]): InventoryGroup[] {
  const seen = new Map<string, number>();
  return groups.map((group) => {
    const n = (seen.get(group.id) ?? 0) + 1;
    seen.set(group.id, n);
    return n === 1 ? group : { ...group, id: `${group.id}-${n}` };
  });
}

function nothingNamed(all: readonly Facts[], topologies: readonly TopologyFact[]): InputError {
  const [shown] = topologies;
  const [down, ...others] = all.flatMap((one) => one.unusable);
  const message =
    down === undefined
      ? 'none of the files says which GPUs there are'
      : `${down}${others.length > 0 ? ` and ${others.length} more` : ''} with GPUs run no jobs, and there are no others`;
  const [curve] = all.flatMap((one) => one.curves);
  const seen = [
    ...(shown === undefined ? [] : [`${at(shown)} shows ${topologyWords(shown)}`]),
    ...(curve === undefined ? [] : [`${at(curve)} shows ${curve.test} on ${curve.ranks} ranks`]),
  ];
  return new InputError({
    message: [message, ...seen].join('; '),
    expected:
      'nvidia-smi --query-gpu, rocm-smi --showproductname, scontrol show nodes, sinfo, cluster_info.json or machine_amounts.json among them',
    ...(shown?.vendor === 'amd'
      ? { hint: 'Maybe add rocm-smi --showproductname --showmeminfo vram of that host.' }
      : {}),
  });
}

function unknownGpu({ gpuName, where }: HostFact, gpus: KnownGpus): InputError {
  const near = gpus.nearest(gpuName!.toLowerCase());
  return new InputError({
    message: `no GPU of the catalogue is called "${gpuName}"`,
    expected: `one of ${gpus.ids.length} GPUs (shardwright gpu list)`,
    hint: `Maybe ${near === undefined ? '' : `"${near}", or `}a YAML file for it in hardware-profiles/gpus.`,
    at: where,
  });
}
