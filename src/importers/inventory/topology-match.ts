import { loadGpu } from '../../catalogue/gpus.ts';
import { isSwitched } from '../../catalogue/usual-host.ts';
import { InputError } from '../../domain/input-error.ts';
import { at, type TopologyFact } from '../facts/facts.ts';
import { meshOf } from '../facts/mesh.ts';
import { canShow } from './nvlink.ts';

/** What a topology has to fit. */
export interface LikeGpus {
  readonly gpu: string;
  readonly gpusPerNode: number;
  readonly pcie: boolean;
  /** Where they stand on a host that has other GPUs too. */
  readonly among?: { readonly gpus: number; readonly places: readonly number[] };
}

/** A topology as a group sees it: its own GPUs where the host has others too. */
interface Candidate {
  readonly of: TopologyFact;
  readonly shown: TopologyFact;
}

/**
 * For each group the topology of its hosts, or null; and those that are of other hosts. What shows no links is of boards
 * that are sold with them only where it fits nothing else.
 */
export function matchedTopologies(
  groups: readonly LikeGpus[],
  topologies: readonly TopologyFact[],
): { readonly matches: readonly (TopologyFact | null)[]; readonly unused: readonly TopologyFact[] } {
  const fitted = groups.map((group) => topologies.flatMap((one) => candidate(group, one) ?? []));
  const expected = groups.map((group, i) => fitted[i]!.filter(({ shown }) => !odd(group, shown)));
  const taken = new Set(expected.flat().map(({ of }) => of));
  const fitting = groups.map((_, i) =>
    expected[i]!.length > 0 ? expected[i]! : fitted[i]!.filter(({ of }) => !taken.has(of)),
  );
  const kinds = fitting.map((own) => kindsOf(own.map(({ shown }) => shown)));
  const matches = fitting.map((own, i) => {
    const shared = groups[i]!.among !== undefined;
    const claimed = fitting.flatMap((others, j) => (j !== i && kinds[j]!.length === 1 ? others : []));
    const free = own.filter(({ shown }) => !claimed.some((other) => alike(shown, other.shown)));
    const all = free.length > 0 || shared ? own.filter((one) => shared || free.includes(one)) : own;
    return onlyOne(groups[i]!, kindsOf(all.map(({ shown }) => shown)));
  });
  const used = new Set(fitting.flat().map(({ of }) => of));
  return { matches, unused: topologies.filter((one) => !used.has(one)) };
}

/** By count, vendor and the NVLinks that such a GPU can show; null: it is of other hosts. */
function candidate({ gpu, gpusPerNode, among }: LikeGpus, of: TopologyFact): Candidate | null {
  const whole = among?.gpus ?? gpusPerNode;
  if (of.gpus !== whole || of.vendor !== loadGpu(gpu).vendor) return null;
  const shown = among === undefined ? of : cut(of, among.places);
  return canShow(gpu, shown.nvlinks) ? { of, shown } : null;
}

/** The GPUs at some places of a host. */
export function cut(topology: TopologyFact, places: readonly number[]): TopologyFact {
  const links = places.map((a) => places.map((b) => topology.links[a]![b]!));
  return {
    ...topology,
    gpus: places.length,
    links,
    nvlinks: topology.vendor === 'nvidia' ? Math.max(...links.flat()) : 0,
    nvlinksPerGpu:
      topology.vendor === 'nvidia'
        ? Math.max(...links.map((row) => row.reduce((sum, one) => sum + one, 0)))
        : 0,
    mesh: meshOf(links),
  };
}

function odd({ gpu, gpusPerNode, pcie }: LikeGpus, { mesh }: TopologyFact): boolean {
  return mesh === 'none' && gpusPerNode > 1 && isSwitched(gpu, pcie);
}

/** One topology of each that are alike; without the names of cards where those differ. */
function kindsOf(topologies: readonly TopologyFact[]): TopologyFact[] {
  const kinds: TopologyFact[] = [];
  for (const one of topologies) {
    const i = kinds.findIndex((known) => alike(known, one));
    if (i < 0) kinds.push(one);
    else if (kinds[i]!.nicNames.join() !== one.nicNames.join()) kinds[i] = { ...kinds[i]!, nicNames: [] };
  }
  return kinds;
}

function alike(a: TopologyFact, b: TopologyFact): boolean {
  return (
    a.mesh === b.mesh && a.nvlinks === b.nvlinks && a.nvlinksPerGpu === b.nvlinksPerGpu && a.nics === b.nics
  );
}

function onlyOne(
  { gpu, gpusPerNode }: LikeGpus,
  [first, second]: readonly TopologyFact[],
): TopologyFact | null {
  if (first === undefined || second === undefined) return first ?? null;
  throw new InputError({
    message: `${at(first)} and ${at(second)} show hosts of ${gpusPerNode} ${gpu} that are not alike`,
    expected: 'one topology for each kind of host',
    hint: 'Maybe import each kind of host by itself and join the groups by hand.',
  });
}

/** `8 GPUs, NV18` */
export function topologyWords({ gpus, vendor, nvlinks, mesh }: TopologyFact): string {
  const links =
    vendor === 'amd' ? `${mesh === 'none' ? 'no ' : ''}XGMI` : nvlinks > 0 ? `NV${nvlinks}` : 'no NVLink';
  return `${gpus} GPUs, ${links}`;
}
