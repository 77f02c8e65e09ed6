import type { Problem } from '../../domain/problem.ts';
import type { Candidate } from '../space/candidate.ts';
import type { CostBook } from './cost-book.ts';
import { flowFor, leastAlive } from './memory-bound.ts';

/** What a stage takes at least for each layer of a kind beyond its passes, and beside all of them. Seconds of a micro-batch. */
export interface Squeezed {
  readonly perLayer: readonly number[];
  readonly fixed: number;
}

/**
 * A technique that covers only as many layers as memory asks for frees a·(A_k − a_k) bytes with each, A_k and a_k being what a layer
 * of kind k keeps for each of a micro-batches in flight without and with it, and costs q_k seconds: ρ = min_k q_k / (a·(A_k − a_k))
 * for a byte at least. A stage of n_k layers has Σ n_k·(S_k + a·A_k) − R too many, S_k being its states and R the room: it takes
 * ρ times that longer.
 */
export function squeezeOf(
  problem: Problem,
  book: CostBook,
  candidate: Candidate,
  covering: Candidate,
): (run: number, stage: number) => Squeezed {
  const [plain, covered] = [book.seconds(candidate), book.seconds(covering)];
  const [held, keeps, kept] = [
    book.layerStates(candidate),
    book.layerSaved(candidate),
    book.layerSaved(covering),
  ];
  const flow = flowFor(problem, candidate);
  const { runs } = candidate.layout;
  const first = runs.map((_, run) => runs.slice(0, run).reduce((sum, { stages }) => sum + stages, 0));
  return (run, stage) => {
    const alive = leastAlive(flow[first[run]! + stage]!);
    const { states, allocatable } = held[run]!;
    const saved = keeps[run]!;
    const price = saved.reduce((least, bytes, kind) => {
      const freed = alive * (bytes - kept[run]![kind]!);
      const seconds = covered[run]!.secondsPerLayer[kind]! - plain[run]!.secondsPerLayer[kind]!;
      return freed > 0 ? Math.min(least, Math.max(0, seconds) / freed) : least;
    }, Number.POSITIVE_INFINITY);
    if (price === Number.POSITIVE_INFINITY) return { perLayer: states.map(() => 0), fixed: 0 };
    return {
      perLayer: states.map((bytes, kind) => price * (bytes + alive * saved[kind]!)),
      fixed: -price * allocatable,
    };
  };
}
