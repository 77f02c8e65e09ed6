import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { expertsOf, isMoe } from '../../layers/layer.ts';
import { COUNTS, type Count } from '../../plan-text/configuration.ts';
import { SCHEDULES } from '../../schedules/index.ts';
import { TECHNIQUES } from '../../techniques/index.ts';
import { chains } from './chains.ts';
import { chainOf, choices } from './choices.ts';
import { devicesOfFrame, divisors, type Frame } from './frame.ts';
import { groupSize } from './group-orders.ts';
import { layoutsOf } from './layouts.ts';
import type { Held, SearchOptions } from './options.ts';

/** A count, `schedule`, or the id of a technique. */
type Key = string;
type Value = number | string;
type Countable = Exclude<Count, 'tp' | 'micro-batch' | 'dp-replicate'>;

/**
 * Which of the values that a user holds cannot be, and the nearest that can: those that no configuration has by itself, or
 * else those beside which the others leave none. Empty where no one value is the cause.
 */
export function cannotBe(problem: Problem, options: SearchOptions): Reason[] {
  const keys = heldKeys(options.fix).filter(hasLaw);
  const alone = keys.flatMap((key) => {
    const values = valuesOf(problem, { ...options, fix: onlySchedule(options.fix, key) }, key);
    return values.includes(heldValue(options.fix, key)) ? [] : [reasonFor(problem, options, key, values, '')];
  });
  if (alone.length > 0) return alone;
  return keys.flatMap((key) => {
    const values = valuesOf(problem, { ...options, fix: without(options.fix, key) }, key);
    const others = keys.filter((one) => one !== key).map((one) => `${one}=${heldValue(options.fix, one)}`);
    const beside = others.length === 0 ? '' : ` beside ${others.join(', ')}`;
    return values.length === 0 ? [] : [reasonFor(problem, options, key, values, beside)];
  });
}

/** What a user holds, key by key. */
export function heldKeys({ counts, schedule, techniques }: Held): Key[] {
  return [
    ...COUNTS.filter((key) => counts[key] !== undefined),
    ...(schedule === undefined ? [] : ['schedule']),
    ...TECHNIQUES.filter(({ id }) => techniques[id] !== undefined).map(({ id }) => id),
  ];
}

/** `tp=8` */
export function heldText(fix: Held, key: Key): string {
  return `${key}=${heldValue(fix, key)}`;
}

function heldValue({ counts, schedule, techniques }: Held, key: Key): Value {
  if (key === 'schedule') return schedule!;
  const technique = TECHNIQUES.find(({ id }) => id === key);
  return technique === undefined ? counts[key as Count]! : technique.format(techniques[key]);
}

/** What is held but for one key. */
export function without(fix: Held, key: Key): Held {
  const lacking = <T>(values: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(values).filter(([one]) => one !== key));
  const { schedule, counts, techniques } = fix;
  return {
    counts: lacking(counts),
    techniques: lacking(techniques),
    ...(schedule === undefined || key === 'schedule' ? {} : { schedule }),
  };
}

/** Of several chunks a stage there are only some under each schedule: `vpp` is asked with the schedule that is held. */
function onlySchedule({ schedule, techniques }: Held, key: Key): Held {
  const kept = key === 'vpp' && schedule !== undefined ? { schedule } : {};
  return { counts: {}, techniques, ...kept };
}

/** The values that configurations have of a key that is left open. */
function valuesOf(problem: Problem, open: SearchOptions, key: Key): Value[] {
  if (key === 'schedule')
    return SCHEDULES.map(({ id }) => id).filter((schedule) =>
      isPossible(problem, { ...open, fix: { ...open.fix, schedule } }),
    );
  const tried = TRIED[key]?.(problem);
  if (tried !== undefined)
    return tried.filter((count) => {
      const counts = { ...open.fix.counts, [key]: count };
      return isPossible(problem, { ...open, fix: { ...open.fix, counts } });
    });
  const values = new Set<number>();
  for (const frame of framesOf(problem, open))
    for (const value of of[key as Countable](problem, frame, open)) values.add(value);
  return [...values].sort((a, b) => a - b);
}

/** Counts that have more values when they are held than when a search chooses. */
const TRIED: Readonly<Record<Key, (problem: Problem) => readonly number[]>> = {
  tp: ({ cluster }) => divisors(Math.max(...cluster.groups.map(groupSize))),
  'micro-batch': ({ workload }) => divisors(workload.globalBatchSize),
  'dp-replicate': ({ workload }) => divisors(workload.globalBatchSize),
};

type Of = (problem: Problem, frame: Frame, options: SearchOptions) => Iterable<number>;

const chosen =
  (value: (choice: ReturnType<typeof choices>[number]) => number): Of =>
  (problem, frame, options) =>
    choices(problem, chainOf(problem, frame), options).map(value);

const of: Readonly<Record<Countable, Of>> = {
  pp: (_, { pp }) => [pp],
  dp: (_, { dp }) => [dp],
  cp: (_, { cp }) => [cp],
  ep: (problem, frame, options) => layoutsOf(problem, frame, options).map(({ ep }) => ep),
  etp: (problem, frame, options) => layoutsOf(problem, frame, options).map(({ etp }) => etp),
  vpp: chosen(({ vpp }) => vpp),
};

/** Chains that have a configuration; of those alike in all that choices depend on, the first. */
function* framesOf(problem: Problem, options: SearchOptions): Iterable<Frame> {
  const seen = new Set<string>();
  for (const frame of chains(problem, options)) {
    const { family, runs, cp, pp, dp } = frame;
    if (devicesOfFrame(frame) > options.maxGpus) continue;
    if (runs.some(({ group }) => options.avoid.includes(group))) continue;
    if (!options.mustUse.every((group) => runs.some((run) => run.group === group))) continue;
    const key = `${family}|${runs.map(({ tp }) => tp)}|${cp}|${pp}|${dp}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (layoutsOf(problem, frame, options).length === 0) continue;
    if (choices(problem, chainOf(problem, frame), options).length > 0) yield frame;
  }
}

function isPossible(problem: Problem, options: SearchOptions): boolean {
  for (const _ of framesOf(problem, options)) return true;
  return false;
}

function reasonFor(
  problem: Problem,
  { fix, max }: SearchOptions,
  key: keyof typeof LAWS,
  values: readonly Value[],
  beside: string,
): Reason {
  const held = heldValue(fix, key);
  const most = key === 'schedule' ? undefined : max.counts[key];
  const near = nearestOf(held, values).map((value) => `${key}=${value}`);
  return {
    rule: 'fix',
    actual: `${key}=${held}${beside}`,
    limit: `${LAWS[key](problem)}${most === undefined ? '' : `; by --max at most ${most}`}`,
    hint: near.length === 0 ? `Maybe --fix without ${key}.` : `Maybe ${near.join(' or ')}${beside}.`,
  };
}

/** Of numbers the next below and above, of names all. */
function nearestOf(held: Value, values: readonly Value[]): Value[] {
  if (typeof held === 'string') return values.filter((value) => value !== held);
  const numbers = values.map(Number);
  const near = [numbers.findLast((value) => value < held), numbers.find((value) => value > held)];
  return near.filter((value) => value !== undefined);
}

const hasLaw = (key: Key): key is keyof typeof LAWS => key in LAWS;

/** What a value has to be, in words. */
const LAWS: Readonly<Record<Count | 'schedule', (problem: Problem) => string>> = {
  tp: ({ cluster }) => {
    const sizes = [...new Set(cluster.groups.map(({ fastDomainGpus }) => fastDomainGpus))];
    return `a divisor of the GPUs of a node (${sizes.join(', ')}) up to 16, or of those of a group`;
  },
  pp: ({ model }) => `at most one stage for each of ${model.layers.length} layers, and GPUs for each stage`,
  dp: ({ workload }) =>
    `a divisor of the global batch of ${workload.globalBatchSize}, and GPUs for each copy`,
  cp: () => 'a power of two up to 64, and GPUs for each part of a sequence',
  ep: ({ model }) =>
    isMoe(model)
      ? `a divisor of the ${Math.min(...expertsOf(model))} experts and of the GPUs of a stage`
      : '1: the model has no experts',
  etp: ({ model }) => (isMoe(model) ? '1 or tp' : '1: the model has no experts'),
  vpp: () => 'up to 8 chunks a stage that hold equally many layers, as many as the schedule takes',
  'micro-batch': ({ workload }) =>
    `a divisor of the sequences of one copy, of ${workload.globalBatchSize} in all`,
  'dp-replicate': () => 'a divisor of dp',
  schedule: ({ model }) =>
    `1f1b with one stage; with several, chunks for it among ${model.layers.length} layers`,
};
