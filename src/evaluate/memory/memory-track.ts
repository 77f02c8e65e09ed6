import type { MemoryTerm, Point } from '../../domain/memory-term.ts';
import { POINTS } from '../../domain/memory-term.ts';
import type { Ends } from '../../domain/plan.ts';
import type { MemorySample, TimelinePass } from '../../domain/timeline.ts';
import type { StageContent } from './content.ts';
import { termBytes } from './gathered.ts';

/** Points of the walk that a pass goes through. */
const DURING: Readonly<Record<TimelinePass['kind'], readonly Point[]>> = {
  forward: ['start-of-forward', 'forward'],
  backward: ['backward', 'end-of-backward'],
  'weight gradient': ['backward', 'end-of-backward'],
};

/**
 * Allocated bytes of one GPU over a step, pass by pass: while a pass runs, those at its own points of the walk; between passes what
 * stays. Activations live from forward to backward, or to the weight gradient where that is apart. `end`: when the optimizer works.
 */
export function memoryTrack(
  terms: readonly MemoryTerm[],
  content: StageContent,
  ends: Ends,
  passes: readonly TimelinePass[],
  end: { readonly from: number; readonly to: number },
): MemorySample[] {
  const own = terms.filter(({ device }) => device === 'gpu');
  const known = new Map<string, number>();
  const alive = content.map(() => 0);
  const bytesAt = (points: readonly Point[] | null): number => {
    const key = `${points?.join() ?? ''}/${alive.join()}`;
    const value = known.get(key) ?? most(own, points, content, alive);
    known.set(key, value);
    return value;
  };
  const samples: MemorySample[] = [{ at: 0, bytes: bytesAt(null) }];
  for (const { kind, chunk, from, to, frees } of passes) {
    if (kind === 'forward') alive[chunk]! += 1;
    const loss = kind === 'forward' && ends.head === chunk;
    samples.push({ at: from, bytes: bytesAt(loss ? [...DURING.forward, 'loss'] : DURING[kind]) });
    if (frees) alive[chunk]! -= 1;
    samples.push({ at: to, bytes: bytesAt(null) });
  }
  samples.push({ at: end.from, bytes: bytesAt(['optimizer-step']) }, { at: end.to, bytes: bytesAt(null) });
  return samples;
}

/** The most at any of some points; null: what is there at all of them. */
function most(
  terms: readonly MemoryTerm[],
  points: readonly Point[] | null,
  content: StageContent,
  alive: readonly number[],
): number {
  const sum = (some: readonly MemoryTerm[]) =>
    some.reduce((bytes, term) => bytes + termBytes(term, content, alive), 0);
  if (points === null) return sum(terms.filter(({ at, times }) => times === 'in-flight' || lasts(at)));
  return Math.max(...points.map((point) => sum(terms.filter(({ at }) => at.includes(point)))));
}

function lasts(at: readonly Point[]): boolean {
  return at.length === POINTS.length;
}
