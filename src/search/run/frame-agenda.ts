import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { splitLaw } from '../../laws/split.ts';
import { Heap } from '../../units/heap.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import { barestBound, barestKernels, barestWays } from '../bound/barest.ts';
import type { Group } from '../bound/by-size.ts';
import { candidateBound } from '../bound/candidate-bound.ts';
import type { CostBook } from '../bound/cost-book.ts';
import { type LeftOut, leftOf } from '../bound/fitting.ts';
import { LayerRoom } from '../bound/layer-room.ts';
import { waysOf } from '../bound/ways.ts';
import { type Candidate, candidateText } from '../space/candidate.ts';
import type { Choice } from '../space/choices.ts';
import { type Frame, type Layout, outlineOf } from '../space/frame.ts';
import { layoutsOf } from '../space/layouts.ts';
import type { SearchOptions } from '../space/options.ts';
import { choiceLaw } from './choice-law.ts';
import type { Entry } from './entry.ts';
import { lawfulOf } from './lawful.ts';
import { missed, SmallestSizes } from './may-fit.ts';
import { type Run, worstKept } from './run.ts';

/** An entry of the queue that is a chain of stages. */
export type FrameEntry = Entry & { readonly frame: Frame };

type Search = Pick<Run, 'problem' | 'options' | 'book'>;

/** A configuration, or all choices of a layout with one size of micro-batch. None of them has a smaller value than its bound. */
interface Item {
  readonly bound: number;
  readonly layout: Layout;
  readonly of: Choice | Group;
  /**
   * Of a group: by its kernels alone; that without choices whose layers do not fit; by kernels of whole layers that fit, each way to
   * run them by itself; by all that its barest choices take as far as it was worth it, or by all of it.
   */
  readonly known: 'kernels' | 'fitting' | 'ways' | 'some' | 'all';
}

/** Of each search, and the entries of which something was opened, until nothing is left: another may ask the same with other options. */
const opened = new WeakMap<CostBook, Map<Entry, FrameAgenda>>();

function openedBy({ book }: Search): Map<Entry, FrameAgenda> {
  return rememberedOf(opened, book, () => new Map<Entry, FrameAgenda>());
}

/** What is left of an entry that is opened. */
export function frameAgenda(search: Search, entry: FrameEntry): FrameAgenda {
  return remembered(openedBy(search), entry, () => freshAgenda(search, entry));
}

/**
 * All of an entry. What a look at it finds is not kept for when it is opened, by whichever thread: how closely it was looked at hangs
 * on what else was known then, and would be known to one thread only.
 */
export function freshAgenda({ problem, options, book }: Search, { frame }: FrameEntry): FrameAgenda {
  return new FrameAgenda(problem, options, book, frame);
}

/** Goes on with what a look at an entry has left. */
export function beginWith(search: Search, entry: FrameEntry, agenda: FrameAgenda): void {
  openedBy(search).set(entry, agenda);
}

export function forget(search: Search, entry: Entry): void {
  openedBy(search).delete(entry);
}

/** Choices of a layout that no law lets run. */
interface Broken {
  readonly layout: Layout;
  readonly choices: readonly Choice[];
  readonly reason: Reason;
}

/** Choices of a group that no law lets run, or whose layers do not fit. */
interface OutOfGroup {
  readonly layout: Layout;
  readonly bound: number;
  readonly out: readonly LeftOut<Reason | number>[];
}

/** What a frame still has, least bound first: groups of configurations, each looked at more closely only when it comes first. */
class FrameAgenda {
  readonly smallest: SmallestSizes;
  private readonly items = new Heap<Item>();
  private broken: Broken[] = [];
  private leftOut: OutOfGroup[] = [];
  private readonly rooms = new Map<Layout, LayerRoom>();
  private refused = false;
  /** Configurations left. */
  count = 0;

  constructor(problem: Problem, options: SearchOptions, book: CostBook, frame: Frame) {
    const { all, groups } = book.choices(frame, options);
    this.smallest = new SmallestSizes({ problem, book }, all);
    const refusedWith = (severalChunks: boolean) =>
      options.launcher?.refuses?.(problem, outlineOf(problem, frame, severalChunks)) ?? null;
    const refused = new Map([false, true].map((several) => [several, refusedWith(several)]));
    for (const layout of layoutsOf(problem, frame, options)) {
      const split = splitLaw(problem, { ...layout, shapes: layout.runs });
      for (const group of groups) {
        const { choices } = group;
        const reason = split ?? refused.get(choices[0]!.vpp > 1)!;
        if (reason !== null) {
          this.broken.push({ layout, choices, reason });
          if (split === null) this.refused = true;
          continue;
        }
        const bound = options.objective.bound(barestKernels(problem, book, layout, group), [layout]);
        this.add({ bound, layout, of: group, known: 'kernels' });
      }
    }
  }

  get first(): { readonly bound: number } | undefined {
    return this.items.first;
  }

  /** Tells, and counts, what was found since it was last asked: layouts that no law lets run, choices that do not fit. */
  tell(run: Run): void {
    if (this.refused) run.refused = true;
    for (const { layout, choices, reason } of this.broken)
      run.tally.add(reason, () => candidateText({ layout, choice: choices[0]! }), choices.length);
    for (const { layout, bound, out } of this.leftOut)
      for (const { choice, why } of out) {
        const candidate = { layout, choice };
        if (typeof why === 'number') missed(run, candidate, this.roomOf(run, layout).missOf(why), bound);
        else run.tally.add(why, () => candidateText(candidate));
      }
    this.broken = [];
    this.leftOut = [];
  }

  /** Looks closer at what comes first until that is known, or no better than `threshold`: the least bound of all. */
  sharpened(search: Search, threshold: number): number {
    for (;;) {
      const { first } = this.items;
      if (first === undefined) return Number.POSITIVE_INFINITY;
      if (first.known === 'all' || first.bound >= threshold) return first.bound;
      this.look(search, this.taken()!, threshold);
    }
  }

  /** The first configuration, taken out; null where a group came first, that was looked at instead. */
  take(run: Run): Candidate | null {
    const { layout, of, known, bound } = this.taken()!;
    if (!('choices' in of)) return { layout, choice: of };
    if (known === 'all' || run.options.exhaustive) this.open(run, layout, of, bound);
    else this.look(run, { layout, of, known, bound }, worstKept(run));
    this.tell(run);
    return null;
  }

  /** Bounds a group more sharply, as far as it takes to tell it from the next, or from `threshold`. */
  private look(
    { problem, options, book }: Search,
    { layout, of, bound, known }: Item,
    threshold: number,
  ): void {
    const group = of as Group;
    if (known === 'kernels' && !this.allFit(problem, options, book, { layout, of: group, bound })) return;
    const byTime = options.objective.id === 'time';
    const next = Math.min(threshold, this.items.first?.bound ?? Number.POSITIVE_INFINITY);
    const enough = byTime && known !== 'some' && next > bound ? next : Number.POSITIVE_INFINITY;
    const worst = byTime ? threshold : Number.POSITIVE_INFINITY;
    const room = this.roomOf({ problem, book }, layout);
    const most = worst < Number.POSITIVE_INFINITY ? room.most(group.choices) : null;
    const alive = room.alive(group.orders);
    const tight = byTime && group.choices.some((choice) => room.isTight(choice));
    const ways = tight ? waysOf(problem, book, room, layout, group.choices) : null;
    if (ways !== null && known !== 'some' && known !== 'ways') {
      const least = barestWays(problem, layout, group, ways, { known: bound, worst, alive });
      if (least > bound) {
        this.add({ bound: least, layout, of: group, known: 'ways' });
        return;
      }
    }
    const seconds = barestBound(problem, book, layout, group, { enough, worst, most, alive, ways });
    const value = Math.max(bound, options.objective.bound(seconds, [layout]));
    this.add({ bound: value, layout, of, known: value < enough ? 'all' : 'some' });
  }

  private roomOf({ problem, book }: Pick<Search, 'problem' | 'book'>, layout: Layout): LayerRoom {
    return remembered(this.rooms, layout, () => new LayerRoom(problem, book, layout));
  }

  /** Whether a group stays whole; without the choices that no law lets run or whose layers do not fit it is put back, if anything is left. */
  private allFit(
    problem: Problem,
    options: SearchOptions,
    book: CostBook,
    { layout, of, bound }: { readonly layout: Layout; readonly of: Group; readonly bound: number },
  ): boolean {
    const lawful = lawfulOf({ problem, options, book }, layout, of);
    this.leftOut.push({ layout, bound, out: lawful.out });
    this.refused ||= lawful.refused;
    if (lawful.group === null) return false;
    const room = this.roomOf({ problem, book }, layout);
    const { group: left, out } = leftOf(lawful.group, (choice) => room.excess(choice));
    this.leftOut.push({ layout, bound, out });
    if (left === of) return true;
    if (left === null) return false;
    const kernels = options.objective.bound(barestKernels(problem, book, layout, left), [layout]);
    this.add({ bound: Math.max(bound, kernels), layout, of: left, known: 'fitting' });
    return false;
  }

  /** Rejects the configurations of a group that break a law, leaves aside others by their bounds, and keeps the rest. */
  private open(run: Run, layout: Layout, group: Group, least: number): void {
    for (const choice of group.choices) {
      const candidate = { layout, choice };
      // Others were asked before.
      const broken = run.options.exhaustive ? choiceLaw(run.problem, candidate) : null;
      if (broken !== null) {
        run.tally.add(broken, () => candidateText(candidate));
        continue;
      }
      const bound = Math.max(least, this.boundOf(run, candidate));
      if (bound >= worstKept(run)) run.boundedAway += 1;
      else this.add({ bound, layout, of: choice, known: 'all' });
    }
  }

  private boundOf(run: Run, candidate: Candidate): number {
    const { problem, book, options } = run;
    const { layout } = candidate;
    const enough = options.objective.id === 'time' ? worstKept(run) : Number.POSITIVE_INFINITY;
    const room = this.roomOf(run, layout);
    return options.objective.bound(candidateBound(problem, book, candidate, enough, room), [layout]);
  }

  private add(item: Item): void {
    this.count += 'choices' in item.of ? item.of.choices.length : 1;
    this.items.add(item);
  }

  private taken(): Item | undefined {
    const item = this.items.take();
    if (item !== undefined) this.count -= 'choices' in item.of ? item.of.choices.length : 1;
    return item;
  }
}
