import type { Problem } from '../../domain/problem.ts';
import type { StageSpec } from '../../evaluate/context.ts';
import { layerSaved, layerStates } from '../../evaluate/layer-bytes.ts';
import type { LeastEnds } from '../../evaluate/least-ends.ts';
import { type ModelEnd, modelEnd } from '../../evaluate/model-end.ts';
import { type KernelSeconds, passSeconds } from '../../evaluate/stage-costs.ts';
import { passingProfile } from '../../evaluate/stage-profile.ts';
import type { Copies } from '../../hardware/process-groups.ts';
import { type CopiesClass, type CopiesLoad, leastOfOwnSizes } from '../../partition/own-sizes.ts';
import { techniqueKeys } from '../../techniques/index.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import type { Choice } from '../space/choices.ts';
import type { SearchOptions } from '../space/options.ts';
import { firstAlike } from '../space/twin-groups.ts';
import {
  chainOn,
  copiesChoices,
  type Dealing,
  dealings,
  sizesToChoose,
  type UnlikeCopies,
} from '../space/unlike-copies.ts';
import { bySize } from './by-size.ts';
import { type CopiesBytes, copiesMiss } from './copies-miss.ts';
import type { CostBook } from './cost-book.ts';
import { overLayers } from './kind-counts.ts';

/** The same GPUs, each group as a chain of its own: for what depends on GPUs alone. */
export function framesOf(frame: UnlikeCopies) {
  return frame.groups.map((one) => chainOn(frame, one));
}

/** What a step of the copies of a group takes at least, by sequences of a micro-batch: one of them, and what ends it, seconds. */
export interface CopiesPace extends CopiesBytes {
  readonly microBatch: (group: number, size: number) => number;
  readonly reduce: (group: number, size: number) => number;
  /** When all have reduced. */
  readonly rest: (group: number, size: number) => number;
  /** Groups that are unlike, each with the copies of all that are as it is. */
  readonly unlike: readonly { readonly group: number; readonly count: number }[];
}

export function paceOf(
  problem: Problem,
  book: CostBook,
  frame: UnlikeCopies,
  choice: Omit<Choice, 'microBatchSize'>,
  ends: keyof LeastEnds = 'own',
): CopiesPace {
  const times = new Map<string, KernelSeconds>();
  const updates = new Map<string, ModelEnd>();
  const held = new Map<string, ReturnType<CopiesPace['bytes']>>();
  // With sites and links unstated between them, as many copies on groups alike take as long.
  const { links, groups } = problem.cluster;
  const unstated = links.length === 0 && groups.every(({ site }) => site === null);
  const alike = unstated ? firstAlike(problem.cluster) : null;
  const copies = copiesOf(problem, frame);
  const spec = (group: number, size: number) => specOf(frame, copies, choice, group, size);
  const keyOf = (own: number) => {
    const { group, count } = frame.groups[own]!;
    return alike === null ? `${own}` : `${alike[group]}x${count}`;
  };
  const costs = (group: number, size: number) =>
    remembered(times, `${keyOf(group)}/${size}`, () =>
      passSeconds(book.problem, spec(group, size), book.profiles),
    );
  const end = (group: number, size: number) =>
    remembered(updates, `${keyOf(group)}/${size}`, () =>
      modelEnd(passingProfile(book.problem, spec(group, size), book.profiles), ends, book.profiles),
    );
  const unlike = new Map<string, { group: number; count: number }>();
  for (const [group, { count }] of frame.groups.entries())
    remembered(unlike, keyOf(group), () => ({ group, count: 0 })).count += count;
  return {
    unlike: [...unlike.values()],
    microBatch: bySizeOf((group, size) => {
      const { secondsPerLayer, embeddingSeconds, headSeconds } = costs(group, size);
      return overLayers(problem, (kind) => secondsPerLayer[kind]!) + embeddingSeconds + headSeconds;
    }),
    reduce: bySizeOf((group, size) => end(group, size).reduce),
    rest: bySizeOf((group, size) => end(group, size).rest),
    bytes: (group, size) =>
      remembered(held, `${keyOf(group)}/${size}`, () => {
        const own = spec(group, size);
        return {
          ...layerStates(book.problem, own, book.profiles),
          saved: layerSaved(book.problem, own, book.profiles),
        };
      }),
  };
}

/** Worked out once for each group and size: every dealing asks for all of them. */
function bySizeOf(work: (group: number, size: number) => number): (group: number, size: number) => number {
  const known: number[][] = [];
  return (group, size) => {
    known[group] ??= [];
    known[group][size] ??= work(group, size);
    return known[group][size];
  };
}

function copiesOf({ cluster }: Problem, { groups, tp }: UnlikeCopies): readonly Copies[] {
  return groups.map(({ group, count }) => ({ firstDevice: cluster.groups[group]!.firstDevice, tp, count }));
}

/** The copies of one group among those of all. */
function specOf(
  { groups, tp, cp, dp, ep, etp }: UnlikeCopies,
  copies: readonly Copies[],
  { dpReplicate, techniques, schedule, vpp }: Omit<Choice, 'microBatchSize'>,
  own: number,
  microBatchSize: number,
): StageSpec {
  return {
    group: groups[own]!.group,
    firstDevice: copies[own]!.firstDevice,
    among: { copies, own },
    dims: { tp, cp, pp: 1, dpReplicate, dpShard: Math.max(1, Math.floor(dp / dpReplicate)), ep, etp, vpp },
    ...{ microBatchSize, schedule, techniques },
  };
}

/**
 * No configuration of the frame has a smaller value: the choice that costs least of those that fit with one sequence each, by each
 * way to deal out the batch; infinite where none fits.
 */
export function leastOfCopies(
  problem: Problem,
  options: SearchOptions,
  book: CostBook,
  frame: UnlikeCopies,
): number {
  const all = copiesChoices(problem, frame, options).map((choice) => ({ microBatchSize: 1, ...choice }));
  const fit = all.filter((choice) => copiesFit(problem, book, frame, choice));
  const deals = dealings(problem, frame, options);
  let least = Number.POSITIVE_INFINITY;
  for (const choice of bySize(fit).flatMap(({ barest }) => barest)) {
    const pace = paceOf(problem, book, frame, choice, 'anyRecompute');
    for (const dealing of deals) least = Math.min(least, leastDealt(problem, frame, pace, dealing));
  }
  return copiesBound(problem, options, frame, least);
}

const fits = new WeakMap<UnlikeCopies, Map<string, boolean>>();

/** Whether copies may fit with one sequence each: larger micro-batches take no less. */
function copiesFit(problem: Problem, book: CostBook, frame: UnlikeCopies, choice: Choice): boolean {
  const { layer, step } = techniqueKeys(choice.techniques);
  const known = rememberedOf(fits, frame, () => new Map<string, boolean>());
  return remembered(known, `${layer}|${step}|${choice.dpReplicate}`, () => {
    const sizes = frame.groups.map(() => 1);
    return copiesMiss(problem, frame, sizes, paceOf(problem, book, frame, choice)) === null;
  });
}

/** Seconds of a step at least: the last copy to have reduced, and then the one that takes longest to gather and update. */
export function leastDealt(
  problem: Problem,
  { dp }: UnlikeCopies,
  pace: CopiesPace,
  dealing: Dealing,
): number {
  const load = loadOf(problem, dealing);
  const unlike = pace.unlike.map(({ group }) => group);
  if (dealing.sizes === 'equal') return dealtSeconds(pace, load, unlike, () => load.sequences / dp);
  const sizes = sizesToChoose(problem);
  const classes = pace.unlike.map(({ group, count }) => ({
    count,
    seconds: (size: number) => pace.microBatch(group, size),
    end: (size: number) => pace.reduce(group, size),
  }));
  // The longer its micro-batches, the more a copy hides.
  return leastOfOwnSizes(classes, load, sizes) + longestRest(pace, unlike, () => Math.max(...sizes));
}

/** The same where each of some groups has its size. */
export function dealtSeconds(
  pace: CopiesPace,
  { microBatches }: CopiesLoad,
  groups: readonly number[],
  sizeOf: (group: number) => number,
): number {
  let reduced = 0;
  for (const group of groups) {
    const size = sizeOf(group);
    reduced = Math.max(reduced, microBatches * pace.microBatch(group, size) + pace.reduce(group, size));
  }
  return reduced + longestRest(pace, groups, sizeOf);
}

function longestRest(
  { rest }: CopiesPace,
  groups: readonly number[],
  sizeOf: (group: number) => number,
): number {
  return Math.max(...groups.map((group) => rest(group, sizeOf(group))));
}

export function loadOf({ workload }: Problem, { microBatches }: Dealing): CopiesLoad {
  return { sequences: workload.globalBatchSize / microBatches, microBatches };
}

export function equalSizes({ groups, dp }: UnlikeCopies, { sequences }: CopiesLoad): number[] {
  return groups.map(() => sequences / dp);
}

export function classesOf({ groups }: UnlikeCopies, { microBatch, reduce, rest }: CopiesPace): CopiesClass[] {
  return groups.map(({ count }, group) => ({
    count,
    seconds: (size) => microBatch(group, size),
    end: (size) => reduce(group, size) + rest(group, size),
  }));
}

/** Value of a step whose slowest copy takes so many seconds. */
export function copiesBound(
  { stack }: Problem,
  { objective }: SearchOptions,
  frame: UnlikeCopies,
  slowest: number,
): number {
  const { host, timeMultiplier } = stack;
  return objective.bound((slowest + host.secondsPerStep) * timeMultiplier.value, framesOf(frame));
}
