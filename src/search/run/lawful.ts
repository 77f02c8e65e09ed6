import type { Techniques } from '../../domain/plan.ts';
import type { Reason } from '../../domain/reason.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import type { Group } from '../bound/by-size.ts';
import type { CostBook } from '../bound/cost-book.ts';
import { type Left, leftOf } from '../bound/fitting.ts';
import type { Layout } from '../space/frame.ts';
import { choiceLaw } from './choice-law.ts';
import type { Run } from './run.ts';

/** What is left of a group, and whether the launcher refused some of what is not. */
interface Lawful extends Left<Reason> {
  readonly refused: boolean;
}

type Known = Map<Group, Lawful>;

/** Of each search. */
const known = new WeakMap<CostBook, Map<string, Known>>();
const MOST_KNOWN = 2000;

/** What is known of the groups of a layout: the same wherever its stages stand, and in whatever order. */
function knownOf(book: CostBook, { runs, cp, dp, ep, etp, pp }: Layout): Known {
  const shapes = [...new Set(runs.map(({ tp, fold = 1 }) => `${tp}/${fold}`))].sort().join();
  const ofBook = rememberedOf(known, book, () => new Map<string, Known>());
  return remembered(ofBook, `${shapes}|${cp}|${dp}|${ep}|${etp}|${pp}`, () => new Map(), MOST_KNOWN);
}

/** A group of a layout without the choices that no law lets run, or whose techniques the launcher cannot be told of. */
export function lawfulOf(
  { problem, options, book }: Pick<Run, 'problem' | 'options' | 'book'>,
  layout: Layout,
  group: Group,
): Lawful {
  const { launcher } = options;
  const refusal = (techniques: Techniques) => launcher?.refusesTechniques?.(problem, techniques) ?? null;
  return remembered(knownOf(book, layout), group, () => {
    let refused = false;
    const left = leftOf(group, (choice) => {
      const reason = refusal(choice.techniques);
      if (reason !== null) refused = true;
      return reason ?? choiceLaw(problem, { layout, choice });
    });
    return { ...left, refused };
  });
}
