import type { TopologyFact } from './facts.ts';

/** NVLink as one GPU of the catalogue has it. */
interface NvLink {
  readonly gpus: RegExp;
  /** Link of hardware-profiles/links that has all of a GPU's NVLinks. */
  readonly link: string;
  /** One way, GB/s of one NVLink (data sheets: 25 of generations 2 to 4, 50 of 5, 14.1 of GeForce bridges). */
  readonly perLink: number;
  /** NVLinks of one GPU. */
  readonly most: number;
  /** What NV# a pair can show: all links behind a switch, or one bridge's or board's share. */
  readonly counts: readonly number[];
}

/** Cards in slots come before the boards of their family. */
const NVLINKS: readonly NvLink[] = [
  { gpus: /^v100/, link: 'nvlink2', perLink: 25, most: 6, counts: [1, 2, 3, 4, 5, 6] },
  { gpus: /^a800/, link: 'nvlink3-a800', perLink: 25, most: 8, counts: [4, 8] },
  { gpus: /^a100-\d+-pcie/, link: 'nvlink3-bridge', perLink: 25, most: 12, counts: [4, 8, 12] },
  { gpus: /^a100/, link: 'nvlink3', perLink: 25, most: 12, counts: [4, 12] },
  { gpus: /^a30/, link: 'nvlink3-bridge', perLink: 25, most: 4, counts: [4] },
  { gpus: /^(a40|rtx-a6000|rtx-3090)/, link: 'nvlink3-bridge-3090', perLink: 14.0625, most: 4, counts: [4] },
  { gpus: /^(rtx-2080-ti|titan-rtx)/, link: 'nvlink3-bridge-3090', perLink: 25, most: 2, counts: [1, 2] },
  { gpus: /^h800/, link: 'nvlink4-h800', perLink: 25, most: 8, counts: [8] },
  { gpus: /^h100-pcie/, link: 'nvlink3-bridge', perLink: 25, most: 12, counts: [12] },
  { gpus: /^h100-nvl/, link: 'nvlink4-nvl', perLink: 25, most: 12, counts: [12] },
  { gpus: /^(h100|h200|h20$)/, link: 'nvlink4', perLink: 25, most: 18, counts: [6, 18] },
  { gpus: /^gh200/, link: 'nvlink4-gh200', perLink: 25, most: 18, counts: [6, 18] },
  { gpus: /^gb/, link: 'nvlink5-nvl72', perLink: 50, most: 18, counts: [18] },
  { gpus: /^b[23]00/, link: 'nvlink5', perLink: 50, most: 18, counts: [18] },
];

/** One way, GB/s of one GPU: links of the catalogue that stand in for fewer NVLinks than a GPU has. */
const LADDER: readonly (readonly [string, number])[] = [
  ['nvlink3', 300],
  ['nvlink3-a800', 200],
  ['nvlink2', 150],
  ['nvlink3-bridge-3090', 56.25],
];

/** Rates of the links above, GB/s (hardware-profiles/links; a test compares). */
export const RATES: Readonly<Record<string, number>> = {
  ...Object.fromEntries(LADDER),
  'nvlink3-bridge': 300,
  'nvlink4-h800': 200,
  'nvlink4-nvl': 300,
  nvlink4: 450,
  'nvlink4-gh200': 150,
  'nvlink5-nvl72': 900,
  nvlink5: 900,
};

/** The link of a GPU with all its NVLinks; null where it has none. */
export function nvlinkOf(gpu: string): string | null {
  return rowOf(gpu)?.link ?? null;
}

/** Whether pairs of such GPUs can show so many NVLinks. */
export function canShow(gpu: string, nvlinks: number): boolean {
  return nvlinks === 0 || (rowOf(gpu)?.counts.includes(nvlinks) ?? false);
}

/**
 * The catalogue's link nearest below the NVLinks that a topology shows, at most an eighth above them; null: none is that
 * slow. `note` where it is not the GPU's usual link, or not of its rate.
 */
export function shownLink(gpu: string, topology: TopologyFact): { link: string | null; note: string | null } {
  const { link, perLink, most } = rowOf(gpu)!;
  const rate = Math.min(topology.nvlinksPerGpu, most) * perLink;
  const fits = (gbps: number) => gbps <= rate * 1.125;
  const chosen = fits(RATES[link]!) ? link : (LADDER.find(([, gbps]) => fits(gbps))?.[0] ?? null);
  const near = chosen !== null && (chosen === 'nvlink4-gh200' || Math.abs(RATES[chosen]! / rate - 1) < 0.05);
  const words = chosen === null ? 'the bus stands in' : `${chosen} of ${RATES[chosen]} GB/s stands in`;
  return {
    link: chosen,
    note: near ? null : `NV${topology.nvlinks} of ${gpu} is ${rate} GB/s one way: ${words}`,
  };
}

function rowOf(gpu: string): NvLink | undefined {
  return NVLINKS.find(({ gpus }) => gpus.test(gpu));
}
