import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import type { LayerStates } from '../../evaluate/layer-bytes.ts';
import { memoryLimitWords } from '../../evaluate/memory/limit-words.ts';
import type { UnlikeCopies } from '../space/unlike-copies.ts';
import { overLayers } from './kind-counts.ts';

/** What the layers of a group's copies take of a GPU, by sequences of a micro-batch. */
export interface CopiesBytes {
  readonly bytes: (group: number, size: number) => LayerStates & { readonly saved: readonly number[] };
}

/**
 * Shows by what layers take alone that copies of these sizes do not fit, however the states that they share are dealt out: one
 * micro-batch's activations on each, and all states on all of them together.
 */
export function copiesMiss(
  problem: Problem,
  { groups }: UnlikeCopies,
  sizes: readonly number[],
  { bytes }: CopiesBytes,
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
