import type { Problem } from '../../domain/problem.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import { type Choice, chainKey, choicesKey } from '../space/choices.ts';
import { type Frame, frameOf, type Layout } from '../space/frame.ts';
import { placesExperts } from '../space/layouts.ts';
import type { SearchOptions } from '../space/options.ts';
import { firstAlike } from '../space/twin-groups.ts';
import type { CostBook } from './cost-book.ts';
import { kindCounts } from './kind-counts.ts';

/**
 * A bound of frames by the kernels of their layers, for every size of micro-batch and every choice: with c_s seconds of a layer for a
 * sequence on stage s at least, a copy gets through its B/dp sequences of all layers w no sooner than B/dp · Σ w / Σ_s max_k w_k/c_s,k.
 * Of experts, whose kernels depend on how they are placed, nothing is said.
 */
export function kernelBounds(
  problem: Problem,
  options: SearchOptions,
  book: CostBook,
): (frame: Frame) => number {
  if (placesExperts(problem.model)) return () => 0;
  const kinds = kindCounts(problem);
  const { globalBatchSize } = problem.workload;
  const alike = firstAlike(problem.cluster);
  const known = remembered(
    rememberedOf(knownOf, book.problem, () => new Map<string, Map<string, readonly number[]>>()),
    choicesKey(options),
    () => new Map<string, readonly number[]>(),
  );
  const multiplier = problem.stack.timeMultiplier.value;
  return (frame) => {
    const { runs, dp } = frame;
    const chain = chainKey(frame);
    const own = runs.map((run) =>
      remembered(known, `${chain}|${alike[run.group]}|${run.tp}|${run.fold ?? 1}`, () =>
        fastest(book, frame, run, options),
      ),
    );
    let rates = 0;
    let all = 0;
    const worth = kinds.map((_, kind) => own.reduce((sum, seconds) => sum + seconds[kind]!, 0));
    for (const [kind, count] of kinds.entries()) all += count * worth[kind]!;
    for (const [i, { stages }] of runs.entries()) {
      let rate = 0;
      for (const [kind, count] of kinds.entries())
        if (count > 0) rate = Math.max(rate, worth[kind]! / own[i]![kind]!);
      rates += stages * rate;
    }
    const bound = ((globalBatchSize / dp) * all * multiplier) / rates;
    return Number.isFinite(bound) ? bound : 0;
  };
}

/** Of each problem, and of searches with the same choices. */
const knownOf = new WeakMap<Problem, Map<string, Map<string, readonly number[]>>>();

/** By kind, seconds of a layer for one sequence of each copy of the model at least, with any choice of a frame. */
function fastest(
  book: CostBook,
  frame: Frame,
  run: Frame['runs'][number],
  options: SearchOptions,
): readonly number[] {
  const alone = frameOf([run], frame.cp, frame.dp);
  const layout: Layout = { ...alone, ep: 1, etp: 1 };
  const perSequence = (choice: Choice) =>
    book.kernels({ layout, choice })[0]!.secondsPerLayer.map((seconds) => seconds / choice.microBatchSize);
  const all = book.choices(frame, options).groups.flatMap(({ kernels }) => kernels.map(perSequence));
  return (all[0] ?? []).map((_, kind) => Math.min(...all.map((one) => one[kind]!)));
}
