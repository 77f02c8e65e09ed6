/** Copies of a stage on GPUs of one kind. */
export interface CopiesClass {
  readonly count: number;
  /** Seconds of one micro-batch of so many sequences, forward and backward. */
  readonly seconds: (size: number) => number;
  /** Seconds of the end of a step after micro-batches of so many. */
  readonly end: (size: number) => number;
}

/** What copies together have to do: sequences at a time, and how often. */
export interface CopiesLoad {
  readonly sequences: number;
  readonly microBatches: number;
}

/** No sizes let a step take less, whether they sum up or not: seconds; infinite where copies have no room for the sequences. */
export function leastOfOwnSizes(
  classes: readonly CopiesClass[],
  load: CopiesLoad,
  among: readonly number[],
): number {
  const steps = stepsOf(classes, load, among);
  const times = timesOf(steps);
  return times[firstWithRoom(classes, load, among, { steps, times })] ?? Number.POSITIVE_INFINITY;
}

function stepOf({ seconds, end }: CopiesClass, { microBatches }: CopiesLoad, size: number): number {
  return microBatches * seconds(size) + end(size);
}

/** Seconds of a step by class and size. */
function stepsOf(classes: readonly CopiesClass[], load: CopiesLoad, among: readonly number[]): number[][] {
  return classes.map((one) => among.map((size) => stepOf(one, load, size)));
}

function timesOf(steps: readonly (readonly number[])[]): number[] {
  return [...new Set(steps.flat())].sort((a, b) => a - b);
}

/** The first time in which all copies, each at the largest size it is done with, work through the sequences. */
function firstWithRoom(
  classes: readonly CopiesClass[],
  { sequences }: CopiesLoad,
  among: readonly number[],
  { steps, times }: { readonly steps: readonly (readonly number[])[]; readonly times: readonly number[] },
): number {
  const most = (time: number) =>
    classes.reduce((sum, { count }, i) => {
      let largest = 0;
      for (const [j, size] of among.entries()) if (steps[i]![j]! <= time) largest = Math.max(largest, size);
      return sum + count * largest;
    }, 0);
  return firstOf(times.length, 0, (index) => most(times[index]!) >= sequences);
}

/**
 * Sizes of micro-batches, one for each class of copies and not all alike, with which a step of so many micro-batches takes
 * least time, where all copies together work through `sequences` at a time; of several the first in the order of `among`. Null:
 * none sums up. For a time T a class may have the sizes that it is done with in T: which sums classes i … reach so is a set of
 * bits; the least T with which all of them reach `sequences` is found by halving.
 */
export function ownSizes(
  classes: readonly CopiesClass[],
  load: CopiesLoad,
  among: readonly number[],
): number[] | null {
  const { sequences } = load;
  const steps = stepsOf(classes, load, among);
  const times = timesOf(steps);
  const known = new Map<number, number[] | null>();
  const within = (index: number): number[] | null => {
    const before = known.get(index);
    if (before !== undefined) return before;
    const allowed = classes.map(({ count }, i) => ({
      count,
      sizes: among.filter((_, j) => steps[i]![j]! <= times[index]!),
    }));
    const sizes = sizesWithin(allowed, sequences);
    known.set(index, sizes);
    return sizes;
  };
  const enough = firstWithRoom(classes, load, among, { steps, times });
  // Sums are reached soon after there is room for them.
  let stride = 1;
  let [from, to] = [enough, enough];
  while (to < times.length && within(to) === null) {
    from = to + 1;
    to += stride;
    stride *= 2;
  }
  const low = firstOf(Math.min(to, times.length), from, (index) => within(index) !== null);
  return low < times.length ? within(low) : null;
}

/** The first of from … end − 1 for which something holds, as it does for all after; else `end`. */
function firstOf(end: number, from: number, holds: (index: number) => boolean): number {
  let [low, high] = [from, end];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

interface Allowed {
  readonly count: number;
  readonly sizes: readonly number[];
}

/** The first sizes in their order, not all alike, that sum up. */
function sizesWithin(classes: readonly Allowed[], sequences: number): number[] | null {
  const reached = reachedBy(classes, sequences);
  const chosen: number[] = [];
  let left = sequences;
  for (const [i, { count, sizes }] of classes.entries()) {
    const rest = reached[i + 1]!;
    const alike = chosen.every((size) => size === chosen[0]);
    const next = sizes.find((size) => {
      const after = left - count * size;
      if (after < 0 || !has(rest.once, after)) return false;
      // With all others alike there has to be another way.
      return !(
        alike &&
        (i === 0 || size === chosen[0]) &&
        onlyAlike(classes.slice(i + 1), size, after, rest)
      );
    });
    if (next === undefined) return null;
    chosen.push(next);
    left -= count * next;
  }
  return chosen;
}

/** Sums that some classes reach in one way at least, and in two. */
interface Reached {
  readonly once: Uint32Array;
  readonly twice: Uint32Array;
}

/** Of the classes from each on. */
function reachedBy(classes: readonly Allowed[], most: number): Reached[] {
  const words = (most >> 5) + 1;
  const nothing = { once: new Uint32Array(words), twice: new Uint32Array(words) };
  nothing.once[0] = 1;
  const all: Reached[] = [nothing];
  for (const { count, sizes } of [...classes].reverse()) {
    const before = all[0]!;
    const now = { once: new Uint32Array(words), twice: new Uint32Array(words) };
    for (const size of sizes) add(now, before, count * size);
    all.unshift(now);
  }
  return all;
}

/** Adds the ways of another set, each sum `by` larger. */
function add(to: Reached, from: Reached, by: number): void {
  const [skip, bits] = [by >> 5, by & 31];
  const moved = (set: Uint32Array, word: number) =>
    word < skip
      ? 0
      : (set[word - skip]! << bits) | (bits > 0 && word > skip ? set[word - skip - 1]! >>> (32 - bits) : 0);
  for (let word = skip; word < to.once.length; word++) {
    const once = moved(from.once, word);
    to.twice[word]! |= (to.once[word]! & once) | moved(from.twice, word);
    to.once[word]! |= once;
  }
}

function has(set: Uint32Array, sum: number): boolean {
  return (set[sum >> 5]! & (1 << (sum & 31))) !== 0;
}

/** Whether classes come to `sum` with this size for each of them, and in no other way. */
function onlyAlike(classes: readonly Allowed[], size: number, sum: number, { twice }: Reached): boolean {
  const alike =
    classes.every(({ sizes }) => sizes.includes(size)) &&
    classes.reduce((all, { count }) => all + count * size, 0) === sum;
  return alike && !has(twice, sum);
}
