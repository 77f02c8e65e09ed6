import type { Bill } from './bill.ts';

/** A cluster that trains the model, and its bill. */
export interface Offer {
  readonly name: string;
  readonly bill: Bill;
  /** Relative error of its time, one side; of its dollars too, which are paid by the hour. */
  readonly band: number;
}

/** An offer whose price is known. */
export type Priced<O extends Offer> = O & { readonly bill: { readonly dollars: number } };

export interface Dominated<O extends Offer> {
  readonly offer: Priced<O>;
  /** No slower and no dearer, and in one of the two by more than the model errs: the cheapest of such. */
  readonly by: Priced<O>;
}

export function isPriced<O extends Offer>(offer: O): offer is Priced<O> {
  return offer.bill.dollars !== null;
}

/** Two figures lie within the wider of the bands of their offers. */
function alike(a: Offer, b: Offer, of: (offer: Offer) => number): boolean {
  return Math.abs(Math.log(of(a) / of(b))) <= Math.log(1 + Math.max(a.band, b.band));
}

const secondsOf = ({ bill }: Offer) => bill.seconds;
const dollarsOf = ({ bill }: Offer) => bill.dollars!;

/** The model cannot tell which is done first. */
export function asSoon(a: Offer, b: Offer): boolean {
  return alike(a, b, secondsOf);
}

/** The model cannot tell which costs less; also where both are free. */
export function asDear<O extends Offer>(a: Priced<O>, b: Priced<O>): boolean {
  return dollarsOf(a) === dollarsOf(b) || alike(a, b, dollarsOf);
}

/** The first of the lowest; null of none. */
function least<O extends Offer>(offers: readonly O[], of: (offer: Offer) => number): O | null {
  return offers.reduce<O | null>((a, b) => (a === null || of(b) < of(a) ? b : a), null);
}

export function soonest<O extends Offer>(offers: readonly O[]): O | null {
  return least(offers, secondsOf);
}

export function cheapest<O extends Offer>(offers: readonly O[]): Priced<O> | null {
  return least(offers.filter(isPriced), dollarsOf);
}

/** Offers that nobody need look at: another is better in one thing and no worse in the other. */
export function dominated<O extends Offer>(offers: readonly O[]): Dominated<O>[] {
  const priced = offers.filter(isPriced);
  return priced.flatMap((offer) => {
    const by = cheapest(
      priced.filter(
        (one) =>
          secondsOf(one) <= secondsOf(offer) &&
          dollarsOf(one) <= dollarsOf(offer) &&
          !(asSoon(one, offer) && asDear(one, offer)),
      ),
    );
    return by === null ? [] : [{ offer, by }];
  });
}
