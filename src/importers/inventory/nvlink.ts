import { loadGpu } from '../../catalogue/gpus.ts';
import { loadLink } from '../../catalogue/links.ts';
import type { TopologyFact } from '../facts/facts.ts';

/** Links of the catalogue that stand in for fewer NVLinks than a GPU has, the fastest first. */
const LADDER = ['nvlink3', 'nvlink3-a800', 'nvlink2', 'nvlink3-bridge-3090'];

/** A link up to this far above what a topology shows is still the same. */
const ABOVE = 1.125;

/** Whether pairs of such GPUs can show so many NVLinks. */
export function canShow(gpu: string, nvlinks: number): boolean {
  return nvlinks === 0 || (loadGpu(gpu).host.scaleUp?.ports?.shown.includes(nvlinks) ?? false);
}

/**
 * The catalogue's link nearest below the NVLinks that a topology shows, at most an eighth above them; null: none is that
 * slow. `note` where it is not the GPU's usual link, or not of its rate.
 */
export function shownLink(gpu: string, topology: TopologyFact): { link: string | null; note: string | null } {
  const { link, ports } = loadGpu(gpu).host.scaleUp!;
  const rate = Math.min(topology.nvlinksPerGpu, ports!.count) * ports!.rate;
  const fits = (id: string) => loadLink(id).bandwidth <= rate * ABOVE;
  const chosen = fits(link) ? link : (LADDER.find(fits) ?? null);
  const found = chosen === null ? null : loadLink(chosen).bandwidth;
  // A usual link below the rate of all ports is so on purpose: a GH200's ports are shared with its CPU.
  const near = found !== null && ((chosen === link && found < rate) || Math.abs(found / rate - 1) < 0.05);
  const words = found === null ? 'the bus stands in' : `${chosen} of ${found / 1e9} GB/s stands in`;
  return {
    link: chosen,
    note: near ? null : `NV${topology.nvlinks} of ${gpu} is ${rate / 1e9} GB/s one way: ${words}`,
  };
}
