import type { Packing } from '../domain/packing.ts';

/** As --packing takes it: the same figures to the last digit. */
export function packingText({ meanLength, meanSquare, deviation, separate, padding }: Packing): string {
  return [
    `mean=${meanLength}`,
    `square=${meanSquare}`,
    `deviation=${deviation}`,
    `mask=${separate ? 'block' : 'full'}`,
    `padding=${100 * padding}%`,
  ].join(',');
}
