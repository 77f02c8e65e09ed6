import type { Offer } from './offers.ts';

/** What a run may take at most; null: no limit. */
export interface Limits {
  readonly seconds: number | null;
  /** US dollars. */
  readonly dollars: number | null;
}

/** `perhaps`: the limit lies within what the model errs, or the price is not known. */
export type Keeping = 'yes' | 'perhaps' | 'no';

/** Whether an offer keeps all limits; `yes` also where its figures come out worse by its band. */
export function keeping({ bill, band }: Offer, limits: Limits): Keeping {
  const each = [within(bill.seconds, limits.seconds, band), within(bill.dollars, limits.dollars, band)];
  return each.includes('no') ? 'no' : each.includes('perhaps') ? 'perhaps' : 'yes';
}

function within(figure: number | null, limit: number | null, band: number): Keeping {
  if (limit === null) return 'yes';
  if (figure === null) return 'perhaps';
  if (figure * (1 + band) <= limit) return 'yes';
  return figure <= limit * (1 + band) ? 'perhaps' : 'no';
}

export function isLimited({ seconds, dollars }: Limits): boolean {
  return seconds !== null || dollars !== null;
}
