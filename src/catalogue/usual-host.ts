import { loadGpu } from './gpus.ts';
import { loadLink } from './links.ts';

/** The link that joins the GPUs of a host as such hosts are sold. `pcie`: the card sits in a slot, whatever its id says. */
export function usualIntraNode(gpu: string, pcie: boolean, generation: number | null = null): string {
  return isSwitched(gpu, pcie) ? loadGpu(gpu).host.scaleUp!.link : busOf(gpu, generation);
}

/** Boards whose GPUs are sold joined; cards in slots want bridges. */
export function isSwitched(gpu: string, pcie: boolean): boolean {
  return !pcie && loadGpu(gpu).host.scaleUp?.usual === true;
}

/** Links of hardware-profiles/links by generation of the bus, with peer-to-peer and without. */
const BUSES: Readonly<Record<number, readonly [string, string]>> = {
  3: ['pcie3-x16', 'pcie3-x16-nop2p'],
  4: ['pcie4-x16-p2p', 'pcie4-x16-nop2p'],
  5: ['pcie5-x16-p2p', 'pcie5-x16-nop2p'],
};

/** The bus of a host, of the generation that a tool saw or such hosts have; `seenDirect`: what a tool saw of peer-to-peer. */
export function busOf(gpu: string, generation: number | null, seenDirect: boolean | null = null): string {
  const { pcie, peerToPeer } = loadGpu(gpu).host;
  const [direct, staged] = BUSES[Math.min(5, Math.max(3, generation ?? pcie))]!;
  return (seenDirect ?? peerToPeer) ? direct : staged;
}

/** Network cards of a host: what the kind of link says, else as many as hosts of such GPUs have. */
export function usualCards(gpu: string, gpus: number, link: string): number {
  const { cardPer } = loadGpu(gpu).host.network;
  return (
    loadLink(link).portsPerNode ?? Math.max(1, Math.floor(gpus / { gpu: 1, pair: 2, node: gpus }[cardPer]))
  );
}
