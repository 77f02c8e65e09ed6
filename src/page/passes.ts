import type { TimelineData } from './report-data.ts';

/** Kind, micro-batch, chunk, from, to, and 1 where it shares its slot. */
type Pass = readonly [number, number, number, number, number, 0 | 1];

/** Passes with the times at which they begin and end. */
export function unfolded(passes: TimelineData['rows'][number]['passes']): Pass[] {
  let at = 0;
  return passes.map(([kind, microBatch, chunk, waited, taken]) => {
    const from = at + waited;
    const beside = waited < 0 && -waited > taken / 2 ? 1 : 0;
    at = from + taken;
    return [kind, microBatch, chunk, from, at, beside];
  });
}

/** Between passes, and before the first. */
export function gaps(passes: readonly Pass[]): [number, number][] {
  const found: [number, number][] = [];
  let at = 0;
  for (const [, , , from, to] of passes) {
    if (from - at > 1e-6) found.push([at, from]);
    at = Math.max(at, to);
  }
  return found;
}
