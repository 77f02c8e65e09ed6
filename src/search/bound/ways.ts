import type { Problem } from '../../domain/problem.ts';
import type { KernelSeconds } from '../../evaluate/stage-costs.ts';
import { rememberedOf } from '../../units/remembered.ts';
import { type Candidate, withAll, withoutFewest } from '../space/candidate.ts';
import type { Choice } from '../space/choices.ts';
import type { Layout } from '../space/frame.ts';
import { choiceKeys } from './choice-keys.ts';
import type { CostBook } from './cost-book.ts';
import type { LayerRoom } from './layer-room.ts';
import { leastAmong, standInOf } from './stand-in.ts';

/** What stages may do: of each run a layer for so many seconds of a micro-batch, beside so many others; on each stage so many at most. */
export interface Pass {
  readonly secondsPerLayer: readonly number[];
  readonly fixed: readonly number[];
  readonly most: (stage: number) => number;
}

/** A way to run all stages: each takes as many layers as whichever of these lets it take more. */
export interface Way {
  readonly passes: readonly Pass[];
  /** What it takes at least, by run. */
  readonly kernels: readonly KernelSeconds[];
  /** Ways of which one is followed where this is: each asks for more. */
  readonly narrower?: () => readonly Way[];
}

/** Layers take so long on each run, and only so many fit on each stage; null: any. */
export function plainWay(
  problem: Problem,
  kernels: readonly KernelSeconds[],
  most: readonly number[] | null,
): Way {
  const standIn = standInOf(problem);
  return {
    kernels,
    passes: [
      {
        secondsPerLayer: kernels.map(({ secondsPerLayer }) => leastAmong(secondsPerLayer, standIn)),
        fixed: kernels.map(() => 0),
        most: most === null ? () => Number.POSITIVE_INFINITY : (stage) => most[stage]!,
      },
    ],
  };
}

/** Parts in which numbers of covered layers are told apart where many choices are looked at. */
const COARSE = 24;

const distinct = new WeakMap<readonly Choice[], readonly Choice[]>();

/** Of choices, one for each that kernels, states and micro-batches in flight are like. */
function distinctOf(choices: readonly Choice[]): readonly Choice[] {
  return rememberedOf(distinct, choices, () => {
    const key = (choice: Choice) => {
      const { layer, states, alive } = choiceKeys(choice);
      return `${layer}/${states}/${alive}/${choice.fewest}`;
    };
    return [...new Map(choices.map((choice) => [key(choice), choice])).values()];
  });
}

/** Ways of these choices of a layout of which each configuration has one, by what its kernels take and its layers keep. */
export function waysOf(
  problem: Problem,
  book: CostBook,
  room: LayerRoom,
  layout: Layout,
  choices: readonly Choice[],
): Way[] {
  return distinctOf(choices).map((choice) =>
    choice.fewest === null
      ? plainWay(problem, book.kernels({ layout, choice }), room.most([choice]))
      : coveringWay(problem, book, room, { layout, choice }, COARSE),
  );
}

/**
 * A technique covers the first k layers of each stage, the same k of all: q seconds more for each of them, so that n layers take
 * min(n·(c + q), n·c + k·q). With S bytes of states, A and a of what a micro-batch in flight keeps without and with it, alive α
 * and R of room, n ≤ R/(S + α·a) of those all covered fit, and n ≤ (R + k·α·(A − a))/(S + α·A) of more. For k from `fewest` to
 * `most`: the time of the fewest with the room of the most; narrower, those of either half, down to so many parts of all k.
 */
export function coveringWay(
  problem: Problem,
  book: CostBook,
  room: LayerRoom,
  candidate: Candidate,
  parts = Number.POSITIVE_INFINITY,
): Way {
  const { layout } = candidate;
  const plain = withoutFewest(candidate);
  const covering = withAll(candidate);
  const [kernels, covered] = [book.kernels(plain), book.kernels(covering)];
  const [held, heldCovered] = [room.most([plain.choice])!, room.most([covering.choice])!];
  const standIn = standInOf(problem);
  const each = kernels.map(({ secondsPerLayer }) => leastAmong(secondsPerLayer, standIn));
  const again = covered.map(({ secondsPerLayer }, run) => {
    const more = secondsPerLayer.map((seconds, kind) => seconds - kernels[run]!.secondsPerLayer[kind]!);
    return leastAmong(more, standIn);
  });
  const all = {
    secondsPerLayer: each.map((seconds, run) => seconds + again[run]!),
    fixed: each.map(() => 0),
  };
  const layers = problem.model.layers.length - layout.pp + 1;
  const between = (fewest: number, most: number): Way => {
    // Others may stand before them.
    const own = Math.max(0, fewest - standIn.others);
    const middle = (fewest + most) >> 1;
    return {
      kernels,
      passes: [
        { ...all, most: (stage) => Math.min(most, heldCovered[stage]!) },
        {
          secondsPerLayer: each,
          fixed: again.map((seconds) => own * seconds),
          // n/held + k·(1/heldCovered − 1/held) ≤ 1; with fewer than k layers all of them are covered.
          most: (stage) => {
            const more = held[stage]! + most * (1 - held[stage]! / heldCovered[stage]!);
            return more < own ? 0 : more;
          },
        },
      ],
      ...(most - fewest < Math.max(1, layers / parts)
        ? {}
        : { narrower: () => [between(fewest, middle), between(middle + 1, most)] }),
    };
  };
  return between(1, layers);
}
