import type { Estimate } from '../../domain/estimate.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import type { Candidate } from '../space/candidate.ts';

/** A configuration that is legal but does not fit. */
export interface Miss {
  readonly candidate: Candidate;
  /** Need over limit. */
  readonly excess: number;
  /** It has no smaller value. */
  readonly bound: number;
}

const MISSES_KEPT = 500;

/** Keeps the least misses, in bounded space. */
export function remember(misses: Miss[], miss: Miss): void {
  misses.push(miss);
  if (misses.length < 4 * MISSES_KEPT) return;
  misses.sort((a, b) => a.excess - b.excess);
  misses.length = MISSES_KEPT;
}

/** Need over limit on the fullest GPU. */
export function excessOf({ stages }: Estimate): number {
  return Math.max(...stages.map(({ memory }) => memory.deviceBytes / memory.limitBytes));
}

export function memoryReason({ workload }: Problem, { stages }: Estimate): Reason {
  const { memory, stage } = stages.reduce((a, b) =>
    b.memory.deviceBytes / b.memory.limitBytes > a.memory.deviceBytes / a.memory.limitBytes ? b : a,
  );
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const reserved = workload.reservedBytes ?? 0;
  return {
    rule: 'memory',
    actual: `${gib(memory.deviceBytes)} on stage ${stage}`,
    limit: `${gib(memory.limitBytes)}${reserved > 0 ? `, ${gib(reserved)} reserved` : ''}`,
  };
}
