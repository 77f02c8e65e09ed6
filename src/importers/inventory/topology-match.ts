import { loadGpu } from '../../catalogue/gpus.ts';
import { isSwitched } from '../../catalogue/usual-host.ts';
import { InputError } from '../../domain/input-error.ts';
import { at, type TopologyFact } from '../facts/facts.ts';
import { canShow } from './nvlink.ts';

/** What a topology has to fit. */
export interface LikeGpus {
  readonly gpu: string;
  readonly gpusPerNode: number;
  readonly pcie: boolean;
}

/**
 * For each group the topology of its hosts, or null; and those that are of other hosts. What shows no links is of boards
 * that are sold with them only where it fits nothing else.
 */
export function matchedTopologies(
  groups: readonly LikeGpus[],
  topologies: readonly TopologyFact[],
): { readonly matches: readonly (TopologyFact | null)[]; readonly unused: readonly TopologyFact[] } {
  const expected = groups.map((group) => topologies.filter((one) => fits(group, one) && !odd(group, one)));
  const rest = topologies.filter((one) => !expected.flat().includes(one));
  const fitting = groups.map((group, i) =>
    expected[i]!.length > 0 ? expected[i]! : rest.filter((one) => fits(group, one)),
  );
  const matches = fitting.map((own, i) => {
    const claimed = fitting.flatMap((others, j) => (j !== i && kindsOf(others).length === 1 ? others : []));
    const free = own.filter((one) => !claimed.some((other) => alike(one, other)));
    return onlyOne(groups[i]!, kindsOf(free.length > 0 ? free : own));
  });
  return { matches, unused: topologies.filter((one) => !fitting.flat().includes(one)) };
}

/** By count, vendor and the NVLinks that such a GPU can show. */
function fits({ gpu, gpusPerNode }: LikeGpus, { gpus, vendor, nvlinks }: TopologyFact): boolean {
  return gpus === gpusPerNode && vendor === loadGpu(gpu).vendor && canShow(gpu, nvlinks);
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
