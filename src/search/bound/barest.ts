import type { Techniques } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { usualSchedule } from '../../schedules/index.ts';
import { TECHNIQUES } from '../../techniques/index.ts';
import type { Choice } from '../space/choices.ts';
import type { Layout } from '../space/frame.ts';
import { lowerBound, rampShare } from './bounds.ts';
import type { CostBook } from './cost-book.ts';

/** Choices of one micro-batch size. */
export interface Group {
  readonly choices: readonly Choice[];
  /** None of them costs less: techniques at the values that cost least time, one chunk a stage. */
  readonly barest: Choice;
  /** Chunks of a stage may hide more of a transfer than they add: transfers count only where there is one each. */
  readonly transfers: boolean;
  /** By schedule and chunks, each pair once. */
  readonly orders: readonly Choice[];
}

export function bySize(all: readonly Choice[]): Group[] {
  const sizes = new Map<number, Choice[]>();
  for (const choice of all) {
    const known = sizes.get(choice.microBatchSize);
    if (known === undefined) sizes.set(choice.microBatchSize, [choice]);
    else known.push(choice);
  }
  return [...sizes.values()].map((choices) => {
    const techniques = barestTechniques(choices);
    const barest = { ...choices[0]!, techniques, fewest: null, vpp: 1, schedule: usualSchedule(1).id };
    const orders = new Map(choices.map((one) => [`${one.schedule}/${one.vpp}`, one]));
    return {
      choices,
      barest,
      transfers: choices.every(({ vpp }) => vpp === 1),
      orders: [...orders.values()],
    };
  });
}

/** No configuration of a layout with any of these choices takes less, seconds; with no ramp it goes with the batch. */
export function barestBound(
  problem: Problem,
  book: CostBook,
  layout: Layout,
  { barest, transfers, orders }: Group,
  ramp = Math.min(...orders.map((order) => rampShare(problem, layout, order))),
): number {
  const candidate = { layout, choice: barest };
  return lowerBound(problem, candidate, book.seconds(candidate), { ramp, transfers });
}

/** What a group of choices agrees on, and of what it does not the values that cost least time. */
function barestTechniques(group: readonly Choice[]): Techniques {
  const [first] = group as [Choice];
  return TECHNIQUES.reduce((techniques, { id, of, set, format, barest: least, off }) => {
    const value = format(of(first.techniques));
    const agreed = group.every((one) => one.fewest !== id && format(of(one.techniques)) === value);
    return agreed ? techniques : set(techniques, least ?? off);
  }, first.techniques);
}
