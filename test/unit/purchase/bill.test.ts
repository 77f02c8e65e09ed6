import { describe, expect, it } from 'vitest';
import { billOf } from '../../../src/purchase/bill.ts';
import { keeping } from '../../../src/purchase/limits.ts';
import { asDear, asSoon, cheapest, dominated, isPriced, soonest } from '../../../src/purchase/offers.ts';
import { ownedHour } from '../../../src/purchase/owned.ts';
import { type Power, USUAL_HOST_SHARE, wattsOf } from '../../../src/purchase/power.ts';
import { verdict } from '../../../src/reporters/purchase-verdict.ts';

const NONE = { seconds: null, dollars: null };
const within = (days: number | null, dollars: number | null) => ({
  seconds: days === null ? null : days * 86_400,
  dollars,
});

const offer = (name: string, days: number, dollars: number | null, band = 0.1) => ({
  name,
  band,
  unfitted: [] as readonly string[],
  bill: { seconds: days * 86_400, dollars, dollarsPerBillionTokens: null, megawattHours: 0 },
});

describe('a bill', () => {
  /*
   * By hand: 15e12 tokens at 1e7 a second are 1.5e6 s = 416.67 h = 17.361 d. 1,024 GPUs at $2.50 cost $2,560 an hour:
   * 416.67 × 2,560 = $1,066,667, over 15,000 billions of tokens $71.11.
   */
  it('is the one computed by hand', () => {
    const bill = billOf(15e12, 1e7, { dollarsPerHour: 1024 * 2.5, watts: 0 });
    expect(bill.seconds).toBe(1_500_000);
    expect(bill.dollars).toBeCloseTo(1_066_666.67, 2);
    expect(bill.dollarsPerBillionTokens).toBeCloseTo(71.11, 2);
  });

  it('has days but no dollars without a price', () => {
    expect(billOf(1e9, 1e3, { dollarsPerHour: null, watts: 3600 })).toEqual({
      ...{ seconds: 1e6, dollars: null, dollarsPerBillionTokens: null, megawattHours: 1 },
    });
  });

  /*
   * By hand, the same run on GPUs that are bought. $30,000 over 4 years of 8,766 h are 0.855578 an hour. A GPU of 700 W draws
   * 700 × 10.2 / 5.6 = 1,275 W with its host, 1,657.5 W at a PUE of 1.3: $0.1326 an hour at 8 cents a kWh. Together 0.988178;
   * 1,024 of them over 416.67 h are $421,623. 1.6575 kW × 1,024 × 416.67 h are 707.2 MWh.
   */
  it('of GPUs that are owned is the one computed by hand', () => {
    const power: Power = {
      ...{ gpuWatts: 700, source: 'datasheet', pue: 1.3 },
      ...{ hostShare: USUAL_HOST_SHARE, assumed: ['host'] },
    };
    const terms = { dollarsPerGpu: 30_000, years: 4, used: 1, dollarsPerKwh: 0.08 };
    const { capital, energy } = ownedHour(terms, power);
    expect(capital).toBeCloseTo(0.855578, 6);
    expect(energy).toBeCloseTo(0.1326, 10);
    const bill = billOf(15e12, 1e7, {
      dollarsPerHour: 1024 * (capital + energy),
      watts: 1024 * wattsOf(power),
    });
    expect(bill.dollars).toBeCloseTo(421_622.5, 0);
    expect(bill.megawattHours).toBeCloseTo(707.2, 6);
    // Hours that nobody uses are paid for by the others, but draw nothing.
    expect(ownedHour({ ...terms, used: 0.5 }, power)).toEqual({ capital: 2 * capital, energy });
  });
});

describe('offers', () => {
  const [a, near, slow, dear] = [
    offer('a', 10, 100),
    offer('near', 10.5, 95),
    offer('slow', 20, 101),
    offer('dear', 5, 300),
  ];

  it('tie within the wider of their bands, in each figure by itself', () => {
    expect([asSoon(a, near), asSoon(a, slow), asSoon(a, offer('wide', 20, 1, 1.1))]).toEqual([
      true,
      false,
      true,
    ]);
    const [x, y, z] = [a, slow, dear].filter(isPriced);
    expect([asDear(x!, y!), asDear(x!, z!)]).toEqual([true, false]);
  });

  it('have a cheapest of those with a price, and a soonest of all', () => {
    const free = offer('unpriced', 1, null);
    expect(cheapest([a, near, free])?.name).toBe('near');
    expect(soonest([a, near, free])?.name).toBe('unpriced');
    expect([cheapest([free]), soonest([])]).toEqual([null, null]);
  });

  it('are dominated by one no worse in either and surely better in one, never by a tie or without a price', () => {
    const named = (...all: (typeof a)[]) =>
      dominated(all).map(({ offer, by }) => `${offer.name} by ${by.name}`);
    expect(named(a, near, slow, dear)).toEqual(['slow by near']);
    expect(named(a, offer('copy', 10, 100))).toEqual([]);
    expect(named(a, offer('tie', 10.2, 102))).toEqual([]);
    expect(named(offer('unpriced', 1, null), slow)).toEqual([]);
  });
});

describe('the verdict', () => {
  const said = (...all: (ReturnType<typeof offer> & { readonly owned?: 'all' | 'some' })[]) =>
    verdict(all, 15e12, NONE);

  it('names the cheapest, and what haste costs', () => {
    expect(said(offer('a', 10, 100e3), offer('b', 5, 300e3))).toBe(
      'Verdict: rent a, the cheapest: 15T tokens in 10.0 days for $100k; b is done in 5.00 days, for $200k more.',
    );
  });

  it('takes the first done of those that cost as much', () => {
    expect(said(offer('a', 10, 100e3), offer('b', 5, 105e3))).toBe(
      'Verdict: rent b: 15T tokens in 5.00 days for $105k, done sooner than a at a cost that the model cannot tell apart.',
    );
  });

  it('rents, or buys what is owned', () => {
    expect(said({ ...offer('a', 10, 100e3), owned: 'all' })).toMatch(/^Verdict: buy a, the cheapest/);
    expect(said({ ...offer('a', 10, 100e3), owned: 'some' })).toMatch(/^Verdict: take a, the cheapest/);
  });

  it('calls a tie in both a tie', () => {
    expect(said(offer('a', 10, 100e3), offer('b', 10.1, 101e3))).toBe(
      'Verdict: the model cannot tell a and b apart, in days or in dollars, so choose by other grounds: 15T tokens in 10.0 days for $100k on a.',
    );
  });

  it('says whose price is missing and what is a guess, and tells by time alone where all are', () => {
    expect(said(offer('a', 10, 100e3), offer('b', 5, null))).toBe(
      'Verdict: rent a, the cheapest: 15T tokens in 10.0 days for $100k; b is done in 5.00 days, at a price unknown (b without a price).',
    );
    expect(said(offer('a', 10, null), offer('b', 1069, null))).toBe(
      'Verdict: no offer has a price, so only time tells: a trains 15T tokens first, in 10.0 days.',
    );
    const guess = { ...offer('a', 10, 100e3), unfitted: ['rtx-4090'] };
    expect(said(guess)).toBe(
      'Verdict: rent a, the cheapest: 15T tokens in 10.0 days for $100k, a guess as no training run on rtx-4090 was fitted.',
    );
    expect(said()).toBe('Verdict: no cluster trains it.');
  });
});

describe('limits', () => {
  const [a, b] = [offer('a', 10, 100e3), offer('b', 5, 300e3)];

  it.each([
    [within(null, null), 'yes'],
    [within(11.01, null), 'yes'],
    [within(10.5, null), 'perhaps'],
    [within(9.5, null), 'perhaps'],
    [within(9, null), 'no'],
    [within(20, 90e3), 'no'],
    [within(20, 95e3), 'perhaps'],
    [within(20, 200e3), 'yes'],
  ] as const)('%o are kept: %s', (limits, kept) => {
    expect(keeping(a, limits)).toBe(kept);
  });

  it('are perhaps kept by an offer without a price', () => {
    expect(keeping(offer('c', 10, null), within(null, 1))).toBe('perhaps');
  });

  it('choose among what keeps them, surely before perhaps', () => {
    const said = (days: number | null, dollars: number | null) =>
      verdict([a, b], 15e12, within(days, dollars));
    expect(said(8, null)).toBe(
      'Verdict: within 8.00 days rent b, the cheapest: 15T tokens in 5.00 days for $300k.',
    );
    expect(said(10.5, 320e3)).toBe(
      'Verdict: perhaps within 10.5 days and $320k rent a, the cheapest: 15T tokens in 10.0 days for $100k; b is done in 5.00 days, for $200k more.',
    );
    expect(said(30, 1e6)).toContain('rent a, the cheapest: 15T');
    expect(said(4, 50e3)).toBe(
      'Verdict: no offer keeps 4.00 days and $50.0k: the first done is b in 5.00 days, the cheapest a for $100k.',
    );
  });
});
