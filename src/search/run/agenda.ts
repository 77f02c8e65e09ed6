import { Heap } from '../../units/heap.ts';
import type { Entry } from './entry.ts';
import type { Batch, Part } from './part.ts';

/** Entries of one batch to refine: each takes little work. */
const MOST_REFINED = 128;

/** Entries opened one after the other as long as too few plans are known to leave any aside; more are looked at then. */
const MOST_AT_ONCE = 8;

/**
 * The first plans found may be poor, and all that they do not rule out would be refined before the next is looked for. So whenever
 * twice as many entries are refined as before, a plan is looked for in some of the best out of turn.
 */
const OUT_OF_TURN = { parts: 8, plans: 6, first: 1024 };

/**
 * The bound of unlike pipelines leaves out how they fill and what follows their last backward, most of it the averaging of
 * their gradients. They are opened where a tighter bound would be so many times as large: what else there is has then shown
 * which of their configurations need no costing.
 */
const LOOSER = 2;

/**
 * What is still to be opened, best bound first. The bound that an entry has in the queue is coarse; nothing is opened before
 * its own bound and the coarse bounds of all others say that it comes first, and no further than to where the next one begins: but for
 * a few out of turn.
 */
export class Agenda {
  private readonly queue: readonly Entry[];
  /** queue[coarse …] have not been refined. */
  private coarse: number;
  /** By bound, then as in the queue. */
  private readonly ready = new Heap<Part>(({ entry }) => entry);
  private readonly bundles = new Heap<Part>(({ entry }) => entry);
  private readonly refine: boolean;
  /** Opened since others were looked at, nothing being known to leave any aside. */
  private atOnce = 0;
  /** Entries refined after which some are opened out of turn. */
  private turn = OUT_OF_TURN.first;

  /** Where everything is opened there is nothing to refine. */
  constructor(queue: readonly Entry[], refine: boolean) {
    this.queue = queue;
    this.refine = refine;
    this.coarse = refine ? 0 : queue.length;
    if (!refine) for (const entry of queue.keys()) this.add(this.whole(entry));
  }

  /**
   * What to do next, at most `most` parts to open; null when nothing left has a bound below the threshold. As long as nothing is
   * known to leave others aside for, what is best of the first few is opened at once.
   */
  next(threshold: number, most: number): Batch | null {
    const parts: Part[] = [];
    const first = this.refine && threshold === Number.POSITIVE_INFINITY && this.ready.size > 0;
    if (first && (this.atOnce < MOST_AT_ONCE || this.coarse >= this.queue.length)) {
      this.atOnce += 1;
      return { task: 'open', parts: [this.ready.take()!], upto: this.least, plans: 1 };
    }
    if (first) {
      // None of the first gave enough plans: others may.
      this.atOnce = 0;
      return this.refined(Number.POSITIVE_INFINITY);
    }
    if (this.refine && this.coarse >= this.turn) {
      this.turn *= 2;
      const some = this.outOfTurn(threshold);
      if (some !== null) return some;
    }
    const next = this.refined(Math.min(this.place, threshold));
    if (next !== null) return next;
    while (parts.length < most) {
      const list = this.nextOf(threshold);
      if (list === null) break;
      parts.push(list.take()!);
    }
    const upto = this.refine ? Math.min(this.place, this.leastCoarse) : Number.POSITIVE_INFINITY;
    return parts.length > 0 ? { task: 'open', parts, upto, plans: 0 } : null;
  }

  /** The next entries with coarse bounds below `least`, to be bounded more sharply. */
  private refined(least: number): Batch | null {
    const parts: Part[] = [];
    while (this.leastCoarse < least && parts.length < MOST_REFINED) parts.push(this.whole(this.coarse++));
    return parts.length > 0 ? { task: 'refine', parts, upto: Number.POSITIVE_INFINITY, plans: 0 } : null;
  }

  private outOfTurn(threshold: number): Batch | null {
    const parts: Part[] = [];
    while (parts.length < OUT_OF_TURN.parts && leastOf(this.ready) < threshold)
      parts.push(this.ready.take()!);
    return parts.length > 0 ? { task: 'open', parts, upto: this.least, plans: OUT_OF_TURN.plans } : null;
  }

  add(part: Part): void {
    this.listOf(part.entry).add(part);
  }

  /** Least bound of all that is left; infinite when nothing is. */
  get least(): number {
    return Math.min(this.leastReady, this.leastCoarse);
  }

  /** Entries of which something is left. */
  get length(): number {
    return this.ready.size + this.bundles.size + this.queue.length - this.coarse;
  }

  /** Configurations left. */
  get count(): number {
    const sum = (list: readonly { readonly count: number }[]) =>
      list.reduce((all, { count }) => all + count, 0);
    return sum(this.ready.all) + sum(this.bundles.all) + sum(this.queue.slice(this.coarse));
  }

  private whole(entry: number): Part {
    const { bound, count } = this.queue[entry]!;
    return { entry, bound, opened: false, count };
  }

  private get leastReady(): number {
    return Math.min(leastOf(this.ready), leastOf(this.bundles));
  }

  /** Where the first of either list stands. */
  private get place(): number {
    return Math.min(leastOf(this.ready), LOOSER * leastOf(this.bundles));
  }

  /** The list whose first is to be opened; null: neither's. */
  private nextOf(threshold: number): Heap<Part> | null {
    const [ready, bundles] = [leastOf(this.ready), LOOSER * leastOf(this.bundles)];
    const may = (place: number) => place <= this.leastCoarse || threshold <= this.leastCoarse;
    const [chain, bundle] = [ready < threshold && may(ready), bundles < LOOSER * threshold && may(bundles)];
    if (bundle && (!chain || bundles <= ready)) return this.bundles;
    return chain ? this.ready : null;
  }

  private listOf(entry: number): Heap<Part> {
    return this.queue[entry]!.bundle === null ? this.ready : this.bundles;
  }

  private get leastCoarse(): number {
    return this.queue[this.coarse]?.bound ?? Number.POSITIVE_INFINITY;
  }
}

function leastOf({ first }: Heap<Part>): number {
  return first?.bound ?? Number.POSITIVE_INFINITY;
}
