import { loadGpu } from '../../catalogue/gpus.ts';
import { busOf, isSwitched, usualIntraNode } from '../../catalogue/usual-host.ts';
import { at, type TopologyFact } from '../facts/facts.ts';
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
): IntraNode {
  if (topology !== null) return shown(gpu, pcie, topology, busOf(gpu, generation));
  return { link: usualIntraNode(gpu, pcie, generation), from: null, note: null };
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
