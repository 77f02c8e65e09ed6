import type { Estimate } from '../domain/estimate.ts';

/**
 * Of what a row may have run the fastest that fits, else what needs the least memory. A row that is known to have run is refused only
 * what even the low end of the memory interval is too large for; what its host holds is held against it only where that is stated.
 */
export function pick<T extends { readonly estimate: Estimate }>(runs: readonly T[], ran: boolean): T {
  const possible = runs.filter(({ estimate }) =>
    ran ? mayFit(estimate) : estimate.verdict !== 'does-not-fit',
  );
  if (possible.length > 0)
    return possible.reduce((a, b) => (b.estimate.stepSeconds < a.estimate.stepSeconds ? b : a));
  return runs.reduce((a, b) => (need(b.estimate) < need(a.estimate) ? b : a));
}

function mayFit({ stages }: Estimate): boolean {
  return stages.every(({ memory }) => memory.deviceIntervalBytes[0] <= memory.limitBytes);
}

function need({ stages }: Estimate): number {
  return Math.max(...stages.map(({ memory }) => memory.deviceBytes / memory.limitBytes));
}
