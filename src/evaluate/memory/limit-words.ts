import type { Workload } from '../../domain/workload.ts';
import { formatBytes, formatPercent } from '../../units/format.ts';

/** What of a GPU's memory a plan may not use, in words: `8.0% headroom, 20.0 GiB reserved`. */
export function keptFree({ headroom, headroomBytes = 0, reservedBytes = 0 }: Workload): string {
  const free = [
    ...(headroom > 0 || headroomBytes === 0 ? [`${formatPercent(headroom)} headroom`] : []),
    ...(headroomBytes > 0 ? [`${formatBytes(headroomBytes)} headroom`] : []),
  ].join(' or ');
  return reservedBytes > 0 ? `${free}, ${formatBytes(reservedBytes)} reserved` : free;
}

/** What bounds a plan's memory, in words. */
export function memoryLimitWords({ reservedBytes = 0 }: Workload): string {
  return reservedBytes > 0
    ? `GPU memory less headroom and ${formatBytes(reservedBytes)} reserved`
    : 'GPU memory less headroom';
}
