import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import type { StageSpec } from '../../evaluate/context.ts';
import { type LayerStates, layerSaved, layerStates } from '../../evaluate/layer-bytes.ts';
import type { LeastEnd, LeastEnds } from '../../evaluate/least-ends.ts';
import { memoryLimitWords } from '../../evaluate/memory/limit-words.ts';
import { type StageSeconds, stageSeconds } from '../../evaluate/stage-costs.ts';
import type { Copies } from '../../hardware/process-groups.ts';
import { type CopiesClass, type CopiesLoad, leastOfOwnSizes, slowestOf } from '../../partition/own-sizes.ts';
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
import type { CostBook } from './cost-book.ts';
import { kindCounts } from './kind-counts.ts';

/** The same GPUs, each group as a chain of its own: for what depends on GPUs alone. */
export function framesOf(frame: UnlikeCopies) {
  return frame.groups.map((one) => chainOn(frame, one));
}

/** What a step of the copies of a group takes at least, by sequences of a micro-batch: one of them, and the end, seconds. */
export interface CopiesPace {
  readonly microBatch: (group: number, size: number) => number;
  readonly end: (group: number, size: number) => number;
  /** What its layers take of a GPU. */
  readonly bytes: (group: number, size: number) => LayerStates & { readonly saved: readonly number[] };
}

export function paceOf(
  problem: Problem,
  book: CostBook,
  frame: UnlikeCopies,
  choice: Omit<Choice, 'microBatchSize'>,
  ends: keyof LeastEnds = 'own',
): CopiesPace {
  const times = new Map<string, StageSeconds>();
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
      stageSeconds(book.problem, spec(group, size), book.profiles),
    );
  return {
    microBatch: bySizeOf((group, size) => {
      const { secondsPerLayer, embeddingSeconds, headSeconds } = costs(group, size);
      return overLayers(problem, (kind) => secondsPerLayer[kind]!) + embeddingSeconds + headSeconds;
    }),
    end: bySizeOf((group, size) => {
      const { reduce, rest } = costs(group, size).leastEnds(0)[ends];
      return mostOf(problem, reduce) + mostOf(problem, rest);
    }),
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

/**
 * Shows by what layers take alone that copies of these sizes do not fit, however the states that they share are dealt out: one
 * micro-batch's activations on each, and all states on all of them together.
 */
export function copiesMiss(
  problem: Problem,
  { groups }: UnlikeCopies,
  sizes: readonly number[],
  { bytes }: Pick<CopiesPace, 'bytes'>,
): Reason | null {
  let [room, need] = [0, 0];
  for (const [group, { count }] of groups.entries()) {
    const { states, saved, allocatable } = bytes(group, sizes[group]!);
    const left = allocatable - overLayers(problem, (kind) => saved[kind]!);
    room += left < 0 ? Number.NEGATIVE_INFINITY : count * left;
    need += count * overLayers(problem, (kind) => states[kind]!);
  }
  if (need <= room * (1 + 1e-9)) return null;
  return {
    rule: 'memory',
    actual:
      room < 0
        ? 'activations of one micro-batch that exceed a GPU'
        : `states of ${(need / room).toFixed(2)} × what activations leave of all GPUs`,
    limit: memoryLimitWords(problem.workload),
  };
}

/** What all layers and both ends take by the line that says most. */
function mostOf(problem: Problem, lines: readonly LeastEnd[]): number {
  return Math.max(
    ...lines.map(
      ({ perLayer, embedding, head }) => overLayers(problem, (kind) => perLayer[kind]!) + embedding + head,
    ),
  );
}

function overLayers(problem: Problem, ofKind: (kind: number) => number): number {
  return kindCounts(problem).reduce((sum, count, kind) => sum + count * ofKind(kind), 0);
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
    const classes = classesOf(frame, paceOf(problem, book, frame, choice, 'anyRecompute'));
    for (const dealing of deals) least = Math.min(least, leastDealt(problem, frame, classes, dealing));
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

/** Seconds of the copy that takes longest, at least. */
export function leastDealt(
  problem: Problem,
  frame: UnlikeCopies,
  classes: readonly CopiesClass[],
  dealing: Dealing,
): number {
  const load = loadOf(problem, dealing);
  return dealing.sizes === 'equal'
    ? slowestOf(classes, load, equalSizes(frame, load))
    : leastOfOwnSizes(classes, load, sizesToChoose(problem));
}

export function loadOf({ workload }: Problem, { microBatches }: Dealing): CopiesLoad {
  return { sequences: workload.globalBatchSize / microBatches, microBatches };
}

export function equalSizes({ groups, dp }: UnlikeCopies, { sequences }: CopiesLoad): number[] {
  return groups.map(() => sequences / dp);
}

export function classesOf({ groups }: UnlikeCopies, { microBatch, end }: CopiesPace): CopiesClass[] {
  return groups.map(({ count }, group) => ({
    count,
    seconds: (size) => microBatch(group, size),
    end: (size) => end(group, size),
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
