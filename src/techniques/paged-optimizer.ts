import { exchangeSeconds, hostOf } from '../hardware/host.ts';
import type { Holding } from './holding.ts';
import { ON_OR_OFF } from './on-or-off.ts';
import { technique } from './technique.ts';
import { NO_TRAFFIC } from './traffic.ts';

/** Optimizers that bitsandbytes has paged ones of (PagedAdamW, PagedAdamW8bit, PagedLion). */
const PAGED: readonly string[] = ['adamw', 'adamw-8bit', 'lion'];

/**
 * States in memory that driver and GPU share: pages come up for the update of their weight and go down where others need the
 * room (QLoRA, Dettmers et al. 2023, arXiv 2305.14314, section 3; get_paged in bitsandbytes/functional.py@95f9af30). No
 * allocator counts them, and they are priced as if all of them came and went each step.
 */
export const pagedOptimizer = technique<boolean>({
  id: 'paged-optimizer',
  aliases: [],
  ...ON_OR_OFF,
  affects: 'stage',
  name: 'paged optimizer',
  reject: (on, { workload: { optimizer } }) =>
    on && !PAGED.includes(optimizer)
      ? { rule: 'paged-optimizer', actual: `paged ${optimizer}`, limit: `one of ${PAGED.join(', ')}` }
      : null,
  holdings: (on, holdings) =>
    on
      ? holdings.map(
          (one): Holding => (one.state === 'optimizer states' ? { ...one, device: 'host' as const } : one),
        )
      : [...holdings],
  stepTraffic(on, { holdings, 'optimizer states': bytes }, { group, c }) {
    if (!on) return NO_TRAFFIC;
    let moved = 0;
    for (const { state, of, device, share } of holdings)
      if (state === 'optimizer states' && device === 'host') moved += share * bytes[of];
    return { ...NO_TRAFFIC, update: exchangeSeconds(hostOf(group), moved, c) };
  },
  devices: (on) => (on ? ['host'] : []),
  assumed: (on) => (on ? ['all pages of the optimizer come and go each step'] : []),
});
