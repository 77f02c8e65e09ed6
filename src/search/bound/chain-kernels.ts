import type { Problem } from '../../domain/problem.ts';
import { endStages } from '../../evaluate/ends.ts';
import type { KernelSeconds } from '../../evaluate/stage-costs.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import { sharedOf } from '../space/candidate.ts';
import { chainKey, choicesKey } from '../space/choices.ts';
import { type Frame, frameOf, type Layout } from '../space/frame.ts';
import { placesExperts } from '../space/layouts.ts';
import type { SearchOptions } from '../space/options.ts';
import { firstAlike } from '../space/twin-groups.ts';
import type { CostBook } from './cost-book.ts';
import { kindCounts } from './kind-counts.ts';

/**
 * A bound of frames by the kernels of their layers, for every size of micro-batch and every choice: with c_s seconds of a layer for a
 * sequence on stage s at least, a copy gets through its B/dp sequences of all layers w no sooner than B/dp · Σ w / Σ_s max_k w_k/c_s,k;
 * nor any stage through one layer, nor the last through one and the head.
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
    rememberedOf(knownOf, book.problem, () => new Map<string, Map<string, Fastest>>()),
    choicesKey(options),
    () => new Map<string, Fastest>(),
  );
  const multiplier = problem.stack.timeMultiplier.value;
  const last = problem.model.layers.at(-1)!;
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
    const worth = kinds.map((_, kind) => own.reduce((sum, { layers }) => sum + layers[kind]!, 0));
    for (const [kind, count] of kinds.entries()) all += count * worth[kind]!;
    for (const [i, { stages }] of runs.entries()) {
      let rate = 0;
      for (const [kind, count] of kinds.entries())
        if (count > 0) rate = Math.max(rate, worth[kind]! / own[i]!.layers[kind]!);
      rates += stages * rate;
    }
    const { layers, head } = own.at(-1)!;
    // Each of unlike stages has a layer.
    const slowest = frame.family === 'uniform' ? 0 : Math.max(...own.map((one) => Math.min(...one.layers)));
    const perSequence = Math.max(all / rates, slowest, head === null ? 0 : head + layers[last]!);
    const bound = (globalBatchSize / dp) * perSequence * multiplier;
    return Number.isFinite(bound) ? bound : 0;
  };
}

/** Of each problem, and of searches with the same choices. */
const knownOf = new WeakMap<Problem, Map<string, Map<string, Fastest>>>();

/** Seconds for one sequence of each copy of the model at least, with any choice of a frame. */
interface Fastest {
  /** By kind of layer. */
  readonly layers: readonly number[];
  /** Null: with some choice the last stage has not all of it. */
  readonly head: number | null;
}

function fastest(book: CostBook, frame: Frame, run: Frame['runs'][number], options: SearchOptions): Fastest {
  const alone = frameOf([run], frame.cp, frame.dp);
  const layout: Layout = { ...alone, ep: 1, etp: 1 };
  const all = book.choices(frame, options).groups.flatMap(({ kernels }) =>
    kernels.map((choice) => {
      const [{ secondsPerLayer, headSeconds }] = book.kernels({ layout, choice }) as [KernelSeconds];
      const ends = endStages(sharedOf({ layout, choice }), frame.pp);
      const whole = !ends.all && ends.head === frame.pp - 1;
      return {
        layers: secondsPerLayer.map((seconds) => seconds / choice.microBatchSize),
        head: whole ? headSeconds / choice.microBatchSize : null,
      };
    }),
  );
  return {
    layers: (all[0]?.layers ?? []).map((_, kind) => Math.min(...all.map(({ layers }) => layers[kind]!))),
    head: all.some(({ head }) => head === null) ? null : Math.min(...all.map(({ head }) => head!)),
  };
}
