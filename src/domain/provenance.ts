/** How much a figure can be trusted, best first. A report names the weakest one it used. */
export const PROVENANCES = ['measured', 'fitted', 'datasheet', 'assumed'] as const;
export type Provenance = (typeof PROVENANCES)[number];

export function weakest(all: Iterable<Provenance>): Provenance {
  let worst = 0;
  for (const one of all) worst = Math.max(worst, PROVENANCES.indexOf(one));
  return PROVENANCES[worst] ?? 'measured';
}
