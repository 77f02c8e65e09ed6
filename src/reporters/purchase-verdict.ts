import { isLimited, keeping, type Limits } from '../purchase/limits.ts';
import { asDear, asSoon, cheapest, isPriced, type Offer, type Priced, soonest } from '../purchase/offers.ts';
import { days, money, tokensWords } from './money.ts';

/** An offer, the GPU types of its plan on which no training run was fitted, whether its GPUs are owned (left out: none is), and which of its groups to leave out. */
type Judged = Offer & {
  readonly unfitted: readonly string[];
  readonly owned?: 'all' | 'some';
  readonly leftOut?: string;
};

const daysWords = ({ bill }: Offer) => `${days(bill.seconds)} days`;
/** More names than this are counted. */
const MOST_NAMED = 3;

function namesOf(offers: readonly Offer[]): string {
  const names = offers.map(({ name }) => name);
  if (names.length <= MOST_NAMED) return names.join(', ').replace(/, (?=[^,]*$)/, ' and ');
  return `${names.slice(0, MOST_NAMED - 1).join(', ')} and ${names.length - MOST_NAMED + 1} others`;
}

/** What to rent, in one sentence: of offers that keep the limits surely, else of those that perhaps do. */
export function verdict(offers: readonly Judged[], tokens: number, limits: Limits): string {
  if (offers.length === 0) return 'Verdict: no cluster trains it.';
  const [sure, perhaps] = (['yes', 'perhaps'] as const).map((one) =>
    offers.filter((offer) => keeping(offer, limits) === one),
  );
  const within = isLimited(limits) ? `within ${limitWords(limits)} ` : '';
  if (sure!.length > 0) return verdictOf(sure!, tokens, within);
  if (perhaps!.length > 0) return verdictOf(perhaps!, tokens, `perhaps ${within}`);
  return `Verdict: no offer keeps ${limitWords(limits)}${missWords(offers)}.`;
}

function limitWords({ seconds, dollars }: Limits): string {
  return [
    ...(seconds === null ? [] : [`${days(seconds)} days`]),
    ...(dollars === null ? [] : [money(dollars)]),
  ].join(' and ');
}

/** What comes nearest to either limit. */
function missWords(offers: readonly Judged[]): string {
  const first = soonest(offers)!;
  const least = cheapest(offers);
  return `: the first done is ${first.name} in ${daysWords(first)}${least === null ? '' : `, the cheapest ${least.name} for ${money(least.bill.dollars)}`}`;
}

/** `within`: the limits that offers keep, empty or ending in a space. */
function verdictOf(offers: readonly Judged[], tokens: number, within: string): string {
  const first = soonest(offers)!;
  const least = cheapest(offers);
  if (least === null)
    return `Verdict: ${within}no offer has a price, so only time tells: ${first.name} trains ${tokensWords(tokens)} first, in ${daysWords(first)}${guessWords(first)}.`;
  const alike = offers.filter(isPriced).filter((one) => asDear(one, least));
  // Of those that cost as much, the first done.
  const chosen = soonest(alike)!;
  return `Verdict: ${within}${rentWords(chosen, alike, tokens)}${guessWords(chosen)}${chosen.leftOut ?? ''}${fasterWords(chosen, first)}${unpricedWords(offers)}.`;
}

function rentWords(chosen: Priced<Judged>, alike: readonly Priced<Offer>[], tokens: number): string {
  const bill = `${tokensWords(tokens)} in ${daysWords(chosen)} for ${money(chosen.bill.dollars)}${chosen.owned === undefined ? '' : ', the share of this run in what it costs to own'}`;
  const others = alike.filter((one) => one !== chosen);
  if (others.length === 0) return `${payWord(chosen)} ${chosen.name}, the cheapest: ${bill}`;
  const same = others.filter((one) => asSoon(one, chosen));
  return same.length === 0
    ? `${payWord(chosen)} ${chosen.name}: ${bill}, done sooner than ${namesOf(others)} at a cost that the model cannot tell apart`
    : `the model cannot tell ${namesOf([chosen, ...same])} apart, in days or in dollars, so choose by other grounds: ${bill} on ${chosen.name}`;
}

function payWord({ owned }: Judged): string {
  return owned === undefined ? 'rent' : owned === 'all' ? 'buy' : 'take';
}

/** That its time is a guess, where it is. */
function guessWords({ unfitted }: Judged): string {
  return unfitted.length === 0 ? '' : `, a guess as no training run on ${unfitted.join(', ')} was fitted`;
}

/** The first done, where that is another and surely sooner, and what the haste costs. */
function fasterWords(chosen: Priced<Offer>, first: Offer): string {
  if (first === chosen || asSoon(first, chosen)) return '';
  const more = isPriced(first)
    ? `for ${money(first.bill.dollars - chosen.bill.dollars)} more`
    : 'at a price unknown';
  return `; ${first.name} is done in ${daysWords(first)}, ${more}`;
}

function unpricedWords(offers: readonly Offer[]): string {
  const unpriced = offers.filter((one) => !isPriced(one));
  return unpriced.length === 0 ? '' : ` (${namesOf(unpriced)} without a price)`;
}
