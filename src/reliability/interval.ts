/** What a job loses to failures depends on. Seconds. */
export interface FailureTimes {
  /** Mean time to failure of the job. */
  readonly mttf: number;
  /** For which saving a checkpoint keeps training waiting. */
  readonly saving: number;
  /** Until a failure is noticed and the job has started again from its last checkpoint. */
  readonly restart: number;
}

/** Between checkpoints, to first order: √(2δM) (Young 1974). */
export function youngInterval({ mttf, saving }: Pick<FailureTimes, 'mttf' | 'saving'>): number {
  return Math.sqrt(2 * saving * mttf);
}

/** The same to higher order: √(2δM) · (1 + √(δ/2M)/3 + δ/18M) − δ for δ < 2M, else M (Daly 2006, equation 37). */
export function dalyInterval({ mttf, saving }: Pick<FailureTimes, 'mttf' | 'saving'>): number {
  if (saving >= 2 * mttf) return mttf;
  const ratio = saving / (2 * mttf);
  return youngInterval({ mttf, saving }) * (1 + Math.sqrt(ratio) / 3 + ratio / 9) - saving;
}

/**
 * Share of the time that trains what is kept: of each interval what is not spent on saving, of each time to failure what is not spent on
 * starting again and, half an interval on average, on doing work again.
 */
export function goodput({ mttf, saving, restart }: FailureTimes, interval: number): number {
  return (mttf / (mttf + restart + interval / 2)) * (interval / (interval + saving));
}
