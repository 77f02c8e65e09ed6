import type { HostFact, TopologyFact } from './facts.ts';

const NVLINK: readonly (readonly [RegExp, string])[] = [
  [/^v100/, 'nvlink2'],
  [/^a800/, 'nvlink3-a800'],
  [/^a100/, 'nvlink3'],
  [/^h800/, 'nvlink4-h800'],
  [/^h100-nvl/, 'nvlink4-nvl'],
  [/^(h100|h200|h20)/, 'nvlink4'],
  [/^gh200/, 'nvlink4-gh200'],
  [/^gb/, 'nvlink5-nvl72'],
  [/^b/, 'nvlink5'],
  [/^rtx-3090/, 'nvlink3-bridge-3090'],
];

export function intraNodeOf(
  gpu: string,
  { gpusPerHost }: HostFact,
  topology: TopologyFact | null,
  generation: number,
): { link: string; from: string | null } {
  const nvlink = NVLINK.find(([pattern]) => pattern.test(gpu))?.[1] ?? 'nvlink3-bridge';
  const bus = pcieOf(gpu, generation);
  const known = topology !== null && topology.gpus === gpusPerHost ? topology : null;
  if (known !== null) {
    if (known.xgmi) return { link: xgmiOf(gpu), from: `${known.where.file}:${known.where.line}` };
    // Bridges that join only pairs leave the bus to the others.
    if (known.nvlinks > 0 && known.complete)
      return { link: nvlink, from: `NV${known.nvlinks}, ${known.where.file}:${known.where.line}` };
    return {
      link: bus,
      from: `${known.nvlinks > 0 ? 'NVLink joins only pairs' : 'no NVLink'}, ${known.where.file}:${known.where.line}`,
    };
  }
  if (/^mi/.test(gpu)) return { link: xgmiOf(gpu), from: null };
  if (/^gaudi/.test(gpu)) return { link: 'gaudi-roce-intra', from: null };
  const switched = /^(v100-sxm|a800|a100-\d+-sxm|h100-sxm|h200|h20|h800|gh|gb|b[23]00)/.test(gpu);
  return { link: switched ? nvlink : bus, from: null };
}

function xgmiOf(gpu: string): string {
  if (/^mi2/.test(gpu)) return 'xgmi-mi250x';
  return /^mi35/.test(gpu) ? 'xgmi-mi355x' : 'xgmi-mi300x';
}

/** GeForce cards have no peer-to-peer over the bus. */
function pcieOf(gpu: string, generation: number): string {
  const usual = /^(h100|h200|b|rtx-50|rtx-pro)/.test(gpu) ? 5 : /^(v100|t4|rtx-20|titan)/.test(gpu) ? 3 : 4;
  const peers = /^(rtx-[2345]0|titan)/.test(gpu) ? '-nop2p' : '-p2p';
  const gen = Math.min(5, Math.max(3, generation > 0 ? generation : usual));
  if (gen === 3) return peers === '-p2p' ? 'pcie3-x16' : 'pcie3-x16-nop2p';
  return `pcie${gen}-x16${peers}`;
}

/** The network as a host's features name it (ib400, roce-200, eth25), else what such hosts are sold with. */
export function portOf({ features, where }: HostFact, gpu: string): { link: string; from: string | null } {
  for (const feature of features) {
    const match = /^(ib|hdr|ndr|roce|eth|ethernet)-?(\d+)/i.exec(feature);
    const link = match === null ? undefined : PORTS[`${match[1]!.toLowerCase().slice(0, 3)}${match[2]}`];
    if (link !== undefined) return { link, from: `feature ${feature}, ${where.file}:${where.line}` };
  }
  if (/^(b300|gb300)/.test(gpu)) return { link: 'ib-xdr800', from: null };
  if (/^(h|b|g|mi3)/.test(gpu)) return { link: 'ib-ndr400', from: null };
  if (/^(a100|a800|mi2)/.test(gpu)) return { link: 'ib-hdr200', from: null };
  return { link: 'eth-25', from: null };
}

const PORTS: Readonly<Record<string, string>> = {
  ib100: 'ib-edr100',
  ib200: 'ib-hdr200',
  ib400: 'ib-ndr400',
  ib800: 'ib-xdr800',
  hdr200: 'ib-hdr200',
  ndr400: 'ib-ndr400',
  roc25: 'roce-25',
  roc100: 'roce-100',
  roc200: 'roce-200',
  roc400: 'roce-400',
  eth10: 'eth-10',
  eth25: 'eth-25',
  eth100: 'eth-100',
  eth200: 'eth-200',
};

/** One card a GPU in data-centre hosts with a switch, one a host elsewhere. */
export function usualCards(gpu: string, gpus: number): number {
  return /^(a100-\d+-sxm|a800|h|b[23]|gb|gh|mi3)/.test(gpu) ? gpus : 1;
}
