import type { Problem } from '../../domain/problem.ts';
import { techniqueKeys } from '../../techniques/index.ts';
import { remembered } from '../../units/remembered.ts';
import type { CostBook } from '../bound/cost-book.ts';
import { LayerRoom } from '../bound/layer-room.ts';
import { type MemoryMiss, memoryMiss } from '../bound/memory-bound.ts';
import { type Candidate, candidateText } from '../space/candidate.ts';
import type { Choice } from '../space/choices.ts';
import type { Layout } from '../space/frame.ts';
import { choiceLaw } from './choice-law.ts';
import { remember } from './misses.ts';
import type { Run } from './run.ts';

/** Whether memory does not rule a candidate out; asked last: it takes more work than a bound, and what was costed before may have made it needless. */
export function mayFit(run: Run, candidate: Candidate, bound: number, smallest: SmallestSizes): boolean {
  const { problem, book } = run;
  const miss = smallest.miss(candidate) ?? missOf(problem, book, candidate);
  if (miss !== null) missed(run, candidate, miss, bound);
  return miss === null;
}

/** Tells and counts a configuration that does not fit. */
export function missed({ tally, misses }: Run, candidate: Candidate, miss: MemoryMiss, bound: number): void {
  tally.add(miss.reason, () => candidateText(candidate));
  remember(misses, { candidate, excess: miss.excess, bound });
}

function missOf(problem: Problem, book: CostBook, candidate: Candidate): MemoryMiss | null {
  return (
    new LayerRoom(problem, book, candidate.layout).miss(candidate.choice) ??
    memoryMiss(problem, candidate, book.of(candidate))
  );
}

/**
 * Larger micro-batches never take less memory: of a stage of one chunk as many sequences are alive, or more. What does not
 * fit with the smallest is asked once for all sizes.
 */
export class SmallestSizes {
  private readonly run: Pick<Run, 'problem' | 'book'>;
  private readonly size: number;
  private readonly known = new Map<Layout, Map<string, MemoryMiss | null>>();

  constructor(run: Pick<Run, 'problem' | 'book'>, choices: readonly Choice[]) {
    this.run = run;
    this.size = Math.min(...choices.map(({ microBatchSize }) => microBatchSize));
  }

  /** Why the same candidate with the smallest micro-batches does not fit; null where it may, or is the candidate itself. */
  miss({ layout, choice }: Candidate): MemoryMiss | null {
    const { vpp, schedule, techniques } = choice;
    if (vpp > 1 || choice.microBatchSize === this.size) return null;
    const ofLayout = remembered(this.known, layout, () => new Map<string, MemoryMiss | null>());
    return remembered(ofLayout, `${schedule}|${techniqueKeys(techniques).all}`, () => {
      const { problem, book } = this.run;
      const least = { layout, choice: { ...choice, microBatchSize: this.size, fewest: null } };
      return choiceLaw(problem, least) === null ? missOf(problem, book, least) : null;
    });
  }
}
