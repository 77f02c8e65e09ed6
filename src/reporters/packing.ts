import type { Workload } from '../domain/workload.ts';
import { formatInteger, formatPercent } from '../units/format.ts';

/** `, packed samples of 1,200 tokens attending to 2,583, 3.0% padding`; nothing where one sample fills a sequence. */
export function packingWords({ packing, sequenceLength }: Workload): string {
  if (packing === undefined) return '';
  const { meanLength, meanSquare, separate, padding } = packing;
  const attended = separate ? formatInteger(meanSquare / meanLength) : `all ${formatInteger(sequenceLength)}`;
  return `, packed samples of ${formatInteger(meanLength)} tokens attending to ${attended}, ${formatPercent(padding)} padding`;
}
