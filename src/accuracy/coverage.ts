import { DATA_CENTRE } from './data-centre.ts';
import { mape } from './metrics.ts';
import type { Scored } from './score.ts';

/** How often the band that is printed beside a step time holds the measured one: each source counts alike. */
export interface Coverage {
  readonly rows: number;
  readonly sources: number;
  /** Share inside as fitted, and as a source left out of the fit would have it. */
  readonly inside: number;
  readonly leftOut: number;
  /** Mean width, one side. */
  readonly band: number;
}

/** Mean error of a source that was left out of the fit, by name (test/accuracy/left-out.json). */
export type LeftOut = Readonly<Record<string, { readonly error: number }>>;

const EXTENTS = [8, 64, 512] as const;

/** What a run is told apart by: its kind, its GPU, how far it goes. */
const MEMBERS: readonly ((row: Scored) => string)[] = [
  () => 'all',
  ({ runKind }) => runKind!,
  ({ row }) => (DATA_CENTRE.test(row.hardware.gpu) ? 'Ampere to Blackwell' : 'AMD, consumer and older GPUs'),
  ({ row }) => extentOf(row.hardware.gpus),
];

function extentOf(gpus: number): string {
  const most = EXTENTS.find((limit) => gpus <= limit);
  return most === undefined ? `more than ${EXTENTS.at(-1)} GPUs` : `at most ${most} GPUs`;
}

export function coverageOf(scored: readonly Scored[], leftOut: LeftOut): Readonly<Record<string, Coverage>> {
  const timed = scored.filter(({ stepError, band }) => stepError !== undefined && band !== undefined);
  const stretch = stretches(timed, leftOut);
  const sets = new Map<string, Scored[]>();
  for (const nameOf of MEMBERS)
    for (const row of timed) sets.set(nameOf(row), [...(sets.get(nameOf(row)) ?? []), row]);
  return Object.fromEntries([...sets].map(([name, rows]) => [name, ofSet(rows, stretch)]));
}

/** By how much the errors of a source grow where it is left out of the fit; of one that is not known, or was not fitted on, not at all. */
function stretches(rows: readonly Scored[], leftOut: LeftOut): ReadonlyMap<string, number> {
  return new Map(
    [...new Set(rows.map(({ group }) => group))].map((group) => {
      const fitted = mape(rows.flatMap((row) => (row.group === group ? row.stepError! : [])));
      const error = leftOut[group]?.error;
      return [group, error === undefined || !fitted ? 1 : Math.max(1, error / fitted)];
    }),
  );
}

function ofSet(rows: readonly Scored[], stretch: ReadonlyMap<string, number>): Coverage {
  const sources = [...new Set(rows.map(({ group }) => group))];
  const bySource = (of: (row: Scored) => number) =>
    mean(sources.map((group) => mean(rows.filter((row) => row.group === group).map(of))));
  return {
    rows: rows.length,
    sources: sources.length,
    inside: bySource((row) => Number(Math.abs(row.stepError!) <= row.band!)),
    leftOut: bySource((row) => Number(stretch.get(row.group)! * Math.abs(row.stepError!) <= row.band!)),
    band: bySource(({ band }) => band!),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
