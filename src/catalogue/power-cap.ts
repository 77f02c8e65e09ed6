import type { GpuSpec } from '../domain/gpu.ts';
import { InputError } from '../domain/input-error.ts';
import type { GroupDocument } from '../schema/cluster.ts';
import { CLUSTER_RANGES } from '../schema/ranges.ts';
import type { Document } from './document.ts';
import { quantityAt } from './quantity-at.ts';

/** Share of the stock limit that cards can be set to, from below the least of any (a T4: 60 of 70 W; an H100: 200 of 700 W) to above the most. */
const [LEAST_CAP, MOST_CAP] = [0.15, 1.5] as const;

/** Watts; null: the stock limit. Throws InputError where no such GPU can be set to it. */
export function powerCapFrom(
  document: Document,
  at: string,
  { powerCap }: GroupDocument,
  { name, powerWatts }: GpuSpec,
): number | null {
  if (powerCap === undefined) return null;
  const watts = quantityAt(
    document,
    `${at}/powerCap`,
    powerCap,
    'power',
    CLUSTER_RANGES.powerCap,
    'powerCap',
  );
  if (watts >= LEAST_CAP * powerWatts && watts <= MOST_CAP * powerWatts) return watts;
  const [least, most] = [Math.ceil(LEAST_CAP * powerWatts), Math.floor(MOST_CAP * powerWatts)];
  throw new InputError({
    message: `powerCap is "${powerCap}", and ${name} has ${powerWatts} W`,
    expected: `${least} W to ${most} W: one GPU`,
    at: document.locate(`${at}/powerCap`),
  });
}
