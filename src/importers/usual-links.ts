import { at, type TopologyFact } from './facts.ts';
import { nvlinkOf, shownLink } from './nvlink.ts';

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
  if (/^gaudi/.test(gpu)) return { link: 'gaudi-roce-intra', from: null, note: null };
  const usual = isAmd(gpu) ? xgmiOf(gpu) : nvlinkOf(gpu);
  return { link: switched(gpu, pcie) ? usual! : busOf(gpu, generation), from: null, note: null };
}

/** Boards whose GPUs are sold joined; cards in slots want bridges. */
export function switched(gpu: string, pcie: boolean): boolean {
  return !pcie && /^(v100-sxm|a800|a100-\d+-sxm|h100-sxm|h200|h20$|h800|gh|gb|b[23]00|mi(?!210))/.test(gpu);
}

export function isAmd(gpu: string): boolean {
  return gpu.startsWith('mi');
}

function shown(gpu: string, pcie: boolean, topology: TopologyFact, bus: string): IntraNode {
  const source = at(topology);
  const kind = isAmd(gpu) ? 'XGMI' : 'NVLink';
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
  if (isAmd(gpu)) return { link: xgmiOf(gpu), from: `XGMI, ${source}`, note: partial };
  const { link, note } = shownLink(gpu, topology);
  const notes = [partial, note === null ? null : `${note} (${source})`].filter((one) => one !== null);
  return {
    link: link ?? bus,
    from: `NV${topology.nvlinks}, ${source}`,
    note: notes.length === 0 ? null : notes.join('; '),
  };
}

function xgmiOf(gpu: string): string {
  if (/^mi2/.test(gpu)) return 'xgmi-mi250x';
  return /^mi35/.test(gpu) ? 'xgmi-mi355x' : 'xgmi-mi300x';
}

/** GeForce cards have no peer-to-peer over the bus. */
function busOf(gpu: string, generation: number | null): string {
  const usual = /^(h|b|g[bh]|rtx-50|rtx-pro|mi3)/.test(gpu) ? 5 : /^(v100|t4|rtx-20|titan)/.test(gpu) ? 3 : 4;
  const peers = /^(rtx-[2345]0|titan)/.test(gpu) ? '-nop2p' : '-p2p';
  const gen = Math.min(5, Math.max(3, generation ?? usual));
  if (gen === 3) return peers === '-p2p' ? 'pcie3-x16' : 'pcie3-x16-nop2p';
  return `pcie${gen}-x16${peers}`;
}
