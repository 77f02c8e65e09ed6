import type { Problem } from './problem.ts';

/** Tokens over which one attends: its sample's, by the mean over tokens ΣL²/ΣL; without packing, or without `cu_seqlens`, the sequence's. */
export function attendedLength({ workload, stack }: Pick<Problem, 'workload' | 'stack'>): number {
  const { packing, sequenceLength } = workload;
  if (packing?.separate !== true || stack.attentionKernel === 'unfused') return sequenceLength;
  return packing.meanSquare / packing.meanLength;
}

/** Share of the tokens that are worked on that belongs to samples. */
export function usefulShare({ packing }: Problem['workload']): number {
  return 1 - (packing?.padding ?? 0);
}
