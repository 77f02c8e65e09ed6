import { loadGpu } from '../../catalogue/gpus.ts';
import { loadLink } from '../../catalogue/links.ts';
import { busOf, isSwitched, usualIntraNode } from '../../catalogue/usual-host.ts';
import { ABOVE_WIRE } from '../../domain/link.ts';
import { at, type PairFact, type TopologyFact } from '../facts/facts.ts';
import { shownLink } from './nvlink.ts';

/** How the GPUs of a host are joined, and where that is from; null: assumed. */
export interface IntraNode {
  readonly link: string;
  readonly from: string | null;
  readonly note: string | null;
}

/** What a topology shows, else what such hosts are sold with. `pcie`: the card sits in a slot, whatever its id says. */
export function intraNodeOf(
  gpu: string,
  pcie: boolean,
  topology: TopologyFact | null,
  generation: number | null,
  pair: PairFact | null = null,
): IntraNode {
  const usual =
    topology === null
      ? { link: usualIntraNode(gpu, pcie, generation), from: null, note: null }
      : shown(gpu, pcie, topology, busOf(gpu, generation));
  return pair === null ? usual : asMeasured(gpu, usual, generation, pair);
}

/** What two GPUs reached decides between bus and bridge where no topology does, and whether the bus is direct. */
function asMeasured(gpu: string, usual: IntraNode, generation: number | null, pair: PairFact): IntraNode {
  const bus = busOf(gpu, generation, pair.direct);
  const { scaleUp } = loadGpu(gpu).host;
  const above = pair.bandwidth > ABOVE_WIRE * loadLink(bus).bandwidth;
  if (above)
    return usual.from === null && scaleUp !== null ? { ...usual, link: scaleUp.link, from: at(pair) } : usual;
  const bridged = !/^pcie/.test(usual.link) && usual.from !== null;
  return bridged ? usual : { ...usual, link: bus, from: usual.from ?? at(pair) };
}

function shown(gpu: string, pcie: boolean, topology: TopologyFact, bus: string): IntraNode {
  const source = at(topology);
  const amd = topology.vendor === 'amd';
  const kind = amd ? 'XGMI' : 'NVLink';
  if (topology.mesh === 'none') {
    const odd = isSwitched(gpu, pcie) ? `${gpu} is sold with ${kind}, and ${source} shows none` : null;
    return { link: bus, from: `no ${kind}, ${source}`, note: odd };
  }
  if (topology.mesh === 'pairs')
    return { link: bus, from: `${kind} joins only pairs, ${source}`, note: null };
  if (topology.mesh === 'islands')
    return { link: bus, from: `${kind} joins only some of the GPUs, ${source}`, note: null };
  const partial =
    topology.mesh === 'partial'
      ? `${kind} joins not every pair of ${gpu}, others take several hops (${source})`
      : null;
  if (amd) return { link: loadGpu(gpu).host.scaleUp?.link ?? bus, from: `XGMI, ${source}`, note: partial };
  const { link, note } = shownLink(gpu, topology);
  const notes = [partial, note === null ? null : `${note} (${source})`].filter((one) => one !== null);
  return {
    link: link ?? bus,
    from: `NV${topology.nvlinks}, ${source}`,
    note: notes.length === 0 ? null : notes.join('; '),
  };
}
