import type { Techniques } from '../../domain/plan.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { having, TECHNIQUES, techniqueKeys } from '../../techniques/index.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import type { Choice } from '../space/choices.ts';
import { interned } from '../space/technique-choices.ts';

/** Choices of one micro-batch size, with one chunk a stage or with several. */
export interface Group {
  readonly choices: readonly Choice[];
  /**
   * Each of them costs no less than one of these: techniques at the values that cost least time, those of which any may at each; as many
   * chunks as any, behind which most of the end of a step hides.
   */
  readonly barest: readonly [Choice, ...Choice[]];
  /** Of those, one for each that a layer's kernels are like. */
  readonly kernels: readonly Choice[];
  /** Chunks of a stage may hide more of a transfer than they add: transfers count only where there is one each. */
  readonly transfers: boolean;
  /** By schedule, chunks and techniques that change what a schedule keeps alive, each once. */
  readonly orders: readonly Choice[];
}

/** `all`: every size with the same other choices. */
export function bySize(all: readonly Choice[]): readonly Group[] {
  return rememberedOf(groups, all, () => groupsOf(all));
}

const groups = new WeakMap<readonly Choice[], readonly Group[]>();

function groupsOf(all: readonly Choice[]): Group[] {
  const sizes = new Map<number, Choice[]>();
  for (const choice of all) {
    const { microBatchSize, vpp } = choice;
    remembered(sizes, vpp === 1 ? microBatchSize : -microBatchSize, () => []).push(choice);
  }
  const techniques = new Map<boolean, readonly Techniques[]>();
  return [...sizes.values()].map((choices) =>
    groupOf(
      choices,
      remembered(techniques, choices[0]!.vpp > 1, () => barestTechniques(choices)),
    ),
  );
}

/** Some choices of one size, with one chunk a stage or with several. */
export function groupOf(
  choices: readonly Choice[],
  values: readonly Techniques[] = barestTechniques(choices),
): Group {
  const vpp = Math.max(...choices.map((one) => one.vpp));
  const orders = new Map(choices.map((one) => [orderOf(one), one]));
  // Where the ends of the model stand is the schedule's: all choices of a group have one that says the same.
  const plain = { ...soonest([...orders.values()], choices[0]!), fewest: null, vpp };
  const barest = values.map((techniques): Choice => ({ ...plain, techniques }));
  return {
    choices,
    barest: barest as [Choice, ...Choice[]],
    kernels: [...new Map(barest.map((one) => [techniqueKeys(one.techniques).layer, one])).values()],
    transfers: choices.every((one) => one.vpp === 1),
    orders: [...orders.values()],
  };
}

/** The one under which a step ends soonest after its last backward: what it sends then hides behind the next step. */
function soonest(orders: readonly Choice[], usual: Choice): Choice {
  return orders.find(({ schedule }) => scheduleOf(schedule).reducesBeside === true) ?? usual;
}

const AHEAD = having('runAhead');
const known = new WeakMap<Choice, string>();

/** All that a schedule keeps alive depends on, the micro-batches apart. */
export function orderOf(choice: Choice): string {
  return rememberedOf(known, choice, () => {
    const { schedule, vpp, techniques } = choice;
    return `${schedule}/${vpp}/${AHEAD.map(({ of, format }) => format(of(techniques))).join()}`;
  });
}

const barestKnown = new Map<string, readonly Techniques[]>();

/** Values of techniques agree with all choices or cost least time; each combination of those of which any may once. */
function barestTechniques(group: readonly Choice[]): readonly Techniques[] {
  const alike = new Set(group.map((one) => `${techniqueKeys(one.techniques).all}*${one.fewest}`));
  return remembered(barestKnown, [...alike].join(';'), () => barestAmong(group));
}

function barestAmong(group: readonly Choice[]): Techniques[] {
  const [first] = group as [Choice];
  const ordered = TECHNIQUES.filter(({ barest }) => barest !== null);
  const least = ordered.filter(({ id, of, format }) => {
    const value = format(of(first.techniques));
    return !group.every((one) => one.fewest !== id && format(of(one.techniques)) === value);
  });
  const barest = new Set<Techniques>();
  for (const values of new Set(group.map(({ techniques }) => techniques)))
    barest.add(
      interned(least.reduce((all, { set, barest: cheapest, off }) => set(all, cheapest ?? off), values)),
    );
  return [...barest];
}
