import { deviceCount } from '../domain/cluster.ts';
import { devicesOf, groupsOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { layersMeasured } from '../evaluate/measured/unmeasured.ts';
import { lackingEvidence } from '../evaluate/run-evidence.ts';
import { billOf } from '../purchase/bill.ts';
import { isLimited, keeping, type Limits } from '../purchase/limits.ts';
import { asDear, cheapest, dominated, isPriced, type Offer } from '../purchase/offers.ts';
import { wattsOf } from '../purchase/power.ts';
import type { CompareDocument } from '../schema/compare.ts';
import { digits, formatPercent } from '../units/format.ts';
import { GiB } from '../units/quantity.ts';
import { type Compared, type GroupPrice, tokensPerSecondOf } from './compared.ts';
import { leftOutWords } from './group-worth.ts';
import { days, money, tokensWords } from './money.ts';
import { powerNotes, priceWords } from './price-words.ts';
import { verdict } from './purchase-verdict.ts';
import { fullest } from './words.ts';

/** Tokens to train on, and what that may take. */
export interface AskedBill {
  readonly tokens: number;
  readonly limits: Limits;
}

/** A cluster that trains the model, its best plan and its bill. */
interface ComparedOffer extends Offer {
  readonly compared: Compared;
  readonly best: RankedPlan;
  /** GPU types of the best plan on whose training runs no sustained clock was fitted, and no layers measured. */
  readonly unfitted: readonly string[];
  readonly owned?: 'all' | 'some';
  /** Groups of it that do not earn their price, as the verdict ends with them; empty: none. */
  readonly leftOut: string;
}

/** Clusters on which the model trains at all, each with the bill for so many tokens. */
function offersOf(all: readonly Compared[], tokens: number): ComparedOffer[] {
  return all.flatMap((compared) => {
    const [best] = compared.result.plans;
    const rate = tokensPerSecondOf(compared);
    if (best === undefined || rate === null) return [];
    const { dollarsPerHour, prices } = compared;
    const watts = prices.reduce((sum, { gpus, power }) => sum + gpus * wattsOf(power), 0);
    const bill = billOf(tokens, rate, { dollarsPerHour, watts });
    const { name } = compared.problem.cluster;
    const unfitted = unfittedGpus(compared.problem, best);
    const owned = ownedOf(prices);
    return [
      {
        compared,
        best,
        bill,
        name,
        band: best.estimate.band,
        unfitted,
        leftOut: leftOutWords(compared),
        ...(owned === null ? {} : { owned }),
      },
    ];
  });
}

function ownedOf(prices: readonly GroupPrice[]): 'all' | 'some' | null {
  const owned = prices.filter((price) => price.owned !== undefined);
  return owned.length === 0 ? null : owned.length === prices.length ? 'all' : 'some';
}

function unfittedGpus(problem: Problem, { plan }: RankedPlan): string[] {
  if (problem.layerProfile !== undefined && layersMeasured(problem, plan)) return [];
  const gpus = groupsOf(plan).map((index) => problem.cluster.groups[index]!.gpu);
  return [...new Set(gpus.filter(({ sustainedFit }) => sustainedFit === null).map(({ id }) => id))];
}

/** What the figures of an offer rest on, in one line. */
function restsOn(offer: ComparedOffer): string {
  const { compared, best, unfitted } = offer;
  const { memory } = fullest(best.estimate.stages);
  return [
    `${offer.name}: ${compared.prices.map(priceWords).join(', ')}`,
    `fullest stage ${(memory.deviceBytes / GiB).toFixed(1)} of ${(memory.limitBytes / GiB).toFixed(1)} GiB${best.estimate.verdict === 'tight' ? ', tight' : ''}`,
    compared.launchers.length === 0
      ? 'no launcher runs it as printed'
      : `launched by ${compared.launchers.join(', ')}`,
    `time and dollars within ±${formatPercent(offer.band)}`,
    [
      `weakest figure ${best.estimate.weakestProvenance}`,
      ...(unfitted.length === 0 ? [] : [`no training run on ${unfitted.join(', ')} was fitted`]),
      ...lackingEvidence(compared.problem, best.plan),
    ].join(', '),
  ].join('; ');
}

function dominatedWords(offers: readonly ComparedOffer[]): string[] {
  return dominated(offers).map(({ offer, by }) => {
    const sooner = offer.bill.seconds > by.bill.seconds ? 'is done sooner' : 'is done as soon';
    const less = asDear(offer, by) ? 'costs no more' : 'costs less';
    return `Leave out ${offer.name}: ${by.name} ${sooner} and ${less}.`;
  });
}

export interface PurchaseBlock {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly lines: readonly string[];
}

/** The bill of each cluster as a table, then lines to be wrapped: what each rests on, who is dominated, the verdict. */
export function purchaseBlock(all: readonly Compared[], { tokens, limits }: AskedBill): PurchaseBlock {
  const offers = offersOf(all, tokens);
  const best = cheapest(offers);
  const limited = isLimited(limits);
  const rows = all.map((compared) => {
    const { cluster } = compared.problem;
    const offer = offers.find((one) => one.compared === compared);
    if (offer === undefined)
      return [
        cluster.name,
        `0/${deviceCount(cluster)}`,
        'nothing fits',
        '',
        '',
        '',
        '',
        '',
        ...(limited ? [''] : []),
      ];
    const { bill } = offer;
    return [
      cluster.name,
      `${devicesOf(offer.best.plan)}/${deviceCount(cluster)}`,
      days(bill.seconds),
      bill.dollars === null ? '?' : money(bill.dollars),
      bill.dollarsPerBillionTokens === null ? '?' : money(bill.dollarsPerBillionTokens),
      digits(bill.megawattHours),
      `±${formatPercent(offer.band)}`,
      costWords(offer, best),
      ...(limited ? [keeping(offer, limits)] : []),
    ];
  });
  return {
    head: [
      `for ${tokensWords(tokens)}`,
      'GPUs',
      'days',
      'dollars',
      '$/Btok',
      'MWh',
      'error',
      'cost',
      ...(limited ? ['limits'] : []),
    ],
    rows,
    lines: [
      ...offers.map(restsOn),
      ...powerNotes(all),
      ...dominatedWords(offers),
      verdict(offers, tokens, limits),
    ],
  };
}

function costWords(offer: ComparedOffer, best: ReturnType<typeof cheapest<ComparedOffer>>): string {
  if (best === null || !isPriced(offer)) return '?';
  if (offer === best) return 'least';
  return asDear(offer, best) ? 'tie' : '';
}

export function purchaseJson(
  all: readonly Compared[],
  { tokens, limits }: AskedBill,
): NonNullable<CompareDocument['purchase']> {
  const offers = offersOf(all, tokens);
  const best = cheapest(offers);
  const beaten = dominated(offers);
  return {
    tokens,
    limits,
    offers: offers.map((offer) => {
      const { bill, compared, band, best: plan, unfitted } = offer;
      const { memory } = fullest(plan.estimate.stages);
      return {
        cluster: offer.name,
        days: bill.seconds / 86_400,
        dollars: bill.dollars,
        dollarsPerBillionTokens: bill.dollarsPerBillionTokens,
        megawattHours: bill.megawattHours,
        goodput: compared.outlook?.goodput ?? null,
        tiedWithCheapest: best !== null && offer !== best && isPriced(offer) && asDear(offer, best),
        dominatedBy: beaten.find((one) => one.offer === offer)?.by.name ?? null,
        keepsLimits: keeping(offer, limits),
        prices: compared.prices,
        peakMemoryBytes: memory.deviceBytes,
        memoryLimitBytes: memory.limitBytes,
        launchers: compared.launchers,
        errorBand: band,
        weakestProvenance: plan.estimate.weakestProvenance,
        unfittedGpus: unfitted,
        lackingEvidence: lackingEvidence(compared.problem, plan.plan),
      };
    }),
    verdict: verdict(offers, tokens, limits),
  };
}
