import type { Entry } from './queue.ts';

/** Entries of the queue by number, either to be bounded more sharply or to be opened. */
export interface Batch {
  readonly task: 'refine' | 'open';
  readonly entries: readonly number[];
}

interface Ready {
  readonly entry: number;
  readonly bound: number;
}

/** Entries of one batch to refine: each takes little work. */
const MOST_REFINED = 128;

/**
 * What is still to be opened, best bound first. The bound that an entry has in the queue is coarse; nothing is opened before
 * its own bound and the coarse bounds of all others say that it comes first.
 */
export class Agenda {
  private readonly queue: readonly Entry[];
  /** queue[coarse …] have not been refined. */
  private coarse: number;
  /** By bound, then as in the queue. */
  private readonly ready: Ready[];

  /** Where everything is opened there is nothing to refine. */
  constructor(queue: readonly Entry[], refine: boolean) {
    this.queue = queue;
    this.coarse = refine ? 0 : queue.length;
    this.ready = refine ? [] : queue.map(({ bound }, entry) => ({ entry, bound }));
  }

  /** What to do next, at most `most` entries to open; null when no entry left has a bound below the threshold. */
  next(threshold: number, most: number): Batch | null {
    const entries: number[] = [];
    const least = Math.min(this.leastReady, threshold);
    while (this.leastCoarse < least && entries.length < MOST_REFINED) entries.push(this.coarse++);
    if (entries.length > 0) return { task: 'refine', entries };
    const below = (bound: number) => bound < threshold && bound <= this.leastCoarse;
    while (entries.length < most && below(this.leastReady)) entries.push(this.ready.shift()!.entry);
    return entries.length > 0 ? { task: 'open', entries } : null;
  }

  /** An entry to be opened later, with the bound it now has. */
  add(entry: number, bound: number): void {
    let [low, high] = [0, this.ready.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const one = this.ready[middle]!;
      if (one.bound < bound || (one.bound === bound && one.entry < entry)) low = middle + 1;
      else high = middle;
    }
    this.ready.splice(low, 0, { entry, bound });
  }

  /** Least bound of all that is left; infinite when nothing is. */
  get least(): number {
    return Math.min(this.leastReady, this.leastCoarse);
  }

  /** Entries left. */
  get left(): readonly Entry[] {
    return [...this.ready.map(({ entry }) => this.queue[entry]!), ...this.queue.slice(this.coarse)];
  }

  private get leastReady(): number {
    return this.ready[0]?.bound ?? Number.POSITIVE_INFINITY;
  }

  private get leastCoarse(): number {
    return this.queue[this.coarse]?.bound ?? Number.POSITIVE_INFINITY;
  }
}
