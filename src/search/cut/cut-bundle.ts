import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { cutLayers } from '../../partition/cut-layers.ts';
import type { Cut, PartitionProblem } from '../../partition/problem.ts';
import { type Shares, shareMicroBatches } from '../../partition/shares.ts';
import { remembered } from '../../units/remembered.ts';
import type { ChainPace } from '../bound/bundle-bound.ts';
import type { CostBook } from '../bound/cost-book.ts';
import type { Candidate } from '../space/candidate.ts';
import { partitionProblem } from './partition-problem.ts';

export interface ChainCut {
  readonly cut: Cut;
  readonly partition: PartitionProblem;
}

/** A chain that a class of a bundle may be, and its best cut for any number of micro-batches. */
export class CutChain {
  readonly candidate: Candidate;
  readonly pace: ChainPace;
  /** Micro-batches that its replicas get done in the time there was when it was first asked, at most. */
  readonly most: number;
  /** Seconds after its last backward, at least. */
  readonly after: { readonly reduce: number; readonly rest: number };
  private readonly problem: Problem;
  private readonly book: CostBook;
  private unfit = false;
  private readonly cuts = new Map<number, ChainCut | Reason>();

  constructor(
    problem: Problem,
    book: CostBook,
    candidate: Candidate,
    { pace, most, after }: Pick<CutChain, 'pace' | 'most' | 'after'>,
  ) {
    this.problem = problem;
    this.book = book;
    this.candidate = candidate;
    this.pace = pace;
    this.most = most;
    this.after = after;
  }

  get rate(): number {
    return this.pace.rate;
  }

  /** For so many micro-batches of each replica. */
  cutFor(microBatches: number): ChainCut | Reason {
    return remembered(this.cuts, microBatches, () => {
      const { problem, candidate, book } = this;
      const partition = partitionProblem(problem, candidate, book.of(candidate), microBatches);
      const cut = cutLayers(partition);
      return 'rule' in cut ? cut : { cut, partition };
    });
  }

  /** Why it has no cut, however many micro-batches: one by one they take least memory. */
  misfit(): Reason | null {
    const one = this.cutFor(1);
    if (!('rule' in one)) return null;
    this.unfit = true;
    return one;
  }

  /** Whether it was found to have none. */
  get isUnfit(): boolean {
    return this.unfit;
  }
}

export interface BundleCuts {
  readonly cuts: readonly ChainCut[];
  readonly shares: Shares;
}

/** Times that micro-batches are dealt anew for the cuts that the last deal made best. */
const MOST_DEALT = 3;

/** Micro-batches dealt for the cuts that are best for so many, as if all pipelines were as fast as they may be at first. */
export function cutTogether(chosen: readonly CutChain[], total: number): BundleCuts | Reason {
  const rate = chosen.reduce((sum, one) => sum + one.rate, 0);
  const replicas = chosen.map(({ candidate }) => candidate.layout.dp);
  let counts = chosen.map((one, i) => Math.max(1, Math.round((total * one.rate) / rate / replicas[i]!)));
  let best: BundleCuts | null = null;
  let broken: Reason | null = null;
  for (let dealt = 0; dealt < MOST_DEALT; dealt++) {
    const cuts: ChainCut[] = [];
    for (const [i, one] of chosen.entries()) {
      const cut = one.cutFor(counts[i]!);
      if ('rule' in cut) broken = cut;
      else cuts.push(cut);
    }
    if (cuts.length < chosen.length) break;
    const classes = cuts.map(({ cut }, i) => ({ ...cut, replicas: replicas[i]! }));
    const shares = shareMicroBatches(classes, total);
    if ('rule' in shares) {
      broken = shares;
      break;
    }
    if (best === null || shares.seconds < best.shares.seconds) best = { cuts, shares };
    if (shares.perReplica.every((count, i) => count === counts[i])) break;
    counts = [...shares.perReplica];
  }
  return best ?? broken!;
}
