/**
 * A constant of the step-time model, with its meaning, its bounds and where it stands.
 * `fixed` ones come from a measurement named in `source`; `fitted` ones were fitted by `npm run fit` on published runs
 * with whole sources left out, starting from `start`. None is keyed to a model, a row or a publication.
 */
export interface Coefficient {
  readonly value: number;
  /** What fitting starts from and is drawn to: a microbenchmark, a count of kernels, or an expectation. */
  readonly start: number;
  readonly bounds: readonly [number, number];
  readonly status: 'fixed' | 'fitted';
  readonly meaning: string;
  readonly source: string;
  /** Where the fit ends on one of its bounds: why that is taken. */
  readonly bound?: string;
}

export const fitted = (
  start: number,
  low: number,
  high: number,
  meaning: string,
  over: Partial<Pick<Coefficient, 'source' | 'bound'>> = {},
): Omit<Coefficient, 'value'> => ({
  start,
  bounds: [low, high],
  status: 'fitted',
  meaning,
  source: 'published runs',
  ...over,
});
export const fixed = (start: number, meaning: string, source: string): Omit<Coefficient, 'value'> => ({
  start,
  bounds: [start, start],
  status: 'fixed',
  meaning,
  source,
});
