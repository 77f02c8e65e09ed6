import type { TopologyFact } from './facts.ts';

/** What the links of a host's GPUs make of them; links[a][b] is how many join a and b. */
export function meshOf(links: readonly (readonly number[])[]): TopologyFact['mesh'] {
  const joined = links.map((row, a) => row.flatMap((count, b) => (count > 0 && a !== b ? [b] : [])));
  if (joined.every((others) => others.length === 0)) return 'none';
  if (joined.every((others) => others.length === links.length - 1)) return 'complete';
  if (reached(joined) === links.length) return 'partial';
  return joined.every((others) => others.length <= 1) ? 'pairs' : 'islands';
}

/** GPUs that the first one reaches over any number of hops. */
function reached(joined: readonly (readonly number[])[]): number {
  const seen = new Set([0]);
  for (const gpu of seen) for (const other of joined[gpu]!) seen.add(other);
  return seen.size;
}
