import { loadGpu } from '../../catalogue/gpus.ts';
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

/** What hosts of such GPUs are sold with. */
export function usualIntraNode(gpu: string, pcie: boolean, generation: number | null = null): string {
  return switched(gpu, pcie) ? loadGpu(gpu).host.scaleUp!.link : busOf(gpu, generation);
}

/** Boards whose GPUs are sold joined; cards in slots want bridges. */
export function switched(gpu: string, pcie: boolean): boolean {
  return !pcie && loadGpu(gpu).host.scaleUp?.usual === true;
}

function shown(gpu: string, pcie: boolean, topology: TopologyFact, bus: string): IntraNode {
  const source = at(topology);
  const amd = topology.vendor === 'amd';
  const kind = amd ? 'XGMI' : 'NVLink';
  if (topology.mesh === 'none') {
    const odd = switched(gpu, pcie) ? `${gpu} is sold with ${kind}, and ${source} shows none` : null;
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

/** Links of hardware-profiles/links by generation of the bus, with peer-to-peer and without. */
const BUSES: Readonly<Record<number, readonly [string, string]>> = {
  3: ['pcie3-x16', 'pcie3-x16-nop2p'],
  4: ['pcie4-x16-p2p', 'pcie4-x16-nop2p'],
  5: ['pcie5-x16-p2p', 'pcie5-x16-nop2p'],
};

function busOf(gpu: string, generation: number | null): string {
  const { pcie, peerToPeer } = loadGpu(gpu).host;
  const [direct, staged] = BUSES[Math.min(5, Math.max(3, generation ?? pcie))]!;
  return peerToPeer ? direct : staged;
}
