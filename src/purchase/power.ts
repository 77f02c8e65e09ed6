/** What one GPU draws from the grid while it trains, and what each figure rests on. */
export interface Power {
  /** The GPU at its limit, W: training runs stay near it. */
  readonly gpuWatts: number;
  /** The data sheet's limit, or the cap that the cluster file sets. */
  readonly source: 'datasheet' | 'cap';
  /** What its share of the host draws beside it, over gpuWatts. */
  readonly hostShare: number;
  /** Power of the site over that of its machines. */
  readonly pue: number;
  /** Which of the last two nobody stated. */
  readonly assumed: readonly ('host' | 'pue')[];
}

/** A DGX H100 draws at most 10.2 kW, eight GPUs of 700 W in it (NVIDIA, DGX H100/H200 User Guide, power specifications): the rest over theirs. */
export const USUAL_HOST_SHARE = (10_200 - 8 * 700) / (8 * 700);
/** Average of the largest site of each respondent (Uptime Institute, Global Data Center Survey 2024). */
export const USUAL_PUE = 1.56;

/** Watts at the meter, of one GPU. */
export function wattsOf({ gpuWatts, hostShare, pue }: Power): number {
  return gpuWatts * (1 + hostShare) * pue;
}

/** MWh of so many watts over so many seconds. */
export function megawattHours(watts: number, seconds: number): number {
  return (watts * seconds) / 3.6e9;
}
