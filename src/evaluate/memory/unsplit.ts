import { collectiveSeconds } from '../../hardware/collective.ts';
import { type GemmShape, gemmSeconds } from '../../hardware/gemm.ts';
import { localParameters, type Weight } from '../../layers/weight.ts';
import { type BufferParameter, isAligned } from '../../optimizers/aligned-layout.ts';
import type { Optimizer } from '../../optimizers/optimizer.ts';
import { isInnerMatrix, ranksOf } from '../../optimizers/whole.ts';
import type { Parameters } from '../../techniques/holding.ts';
import type { StageContext } from '../../techniques/technique.ts';

/** Weights that ranks share out whole: no rank keeps a part of one. */
export interface Unsplit {
  /** Seconds of the multiplications and exchanges that update them, all on one GPU. */
  readonly seconds: Parameters;
  /** Of one weight the most: those seconds, bytes of its states, HBM bytes of its step. */
  readonly largest: Readonly<Record<'seconds' | 'states' | 'step', Parameters>>;
  /** In the order of the model, where ranks lay them in buffers by themselves; else none. */
  readonly buffers: Buffers;
}

type Buffers = Readonly<Record<keyof Parameters, readonly BufferParameter[]>>;

/** null: the optimizer's states may be split anywhere. `states`, `step`: bytes for each parameter. */
export function unsplitOf(
  weights: readonly Weight[],
  optimizer: Optimizer,
  per: Readonly<Record<'states' | 'step', (weight: Weight) => number>>,
  context: StageContext,
): Unsplit | null {
  const options = context.problem.workload.optimizerOptions ?? {};
  let all: Unsplit | null = optimizer.whole === undefined ? null : NOTHING;
  for (const weight of weights) {
    const update = optimizer.whole?.(weight, options, context.local) ?? null;
    if (update === null || all === null) return null;
    if (update.items === 0) continue;
    const { items, format, gemms, exchanges } = update;
    const { group, groups, c } = context;
    const span = weight.split === 'expert' ? groups.expertTensor : groups.tensor;
    const compute = (shape: GemmShape) => gemmSeconds(group.gpu, format, shape, c, group.powerCapWatts);
    const seconds =
      gemms.reduce((sum, { times, ...shape }) => sum + times * compute(shape), 0) +
      exchanges.reduce(
        (sum, { collective, bytes, times }) => sum + times * collectiveSeconds(span, collective, bytes, c),
        0,
      );
    const each = localParameters(weight, context.local) / items;
    const only = (value: number) =>
      weight.split === 'expert' ? { dense: 0, expert: value } : { dense: value, expert: 0 };
    all = unsplitPlus(all, {
      seconds: only(items * seconds),
      largest: {
        seconds: only(seconds),
        states: only(each * per.states(weight)),
        step: only(each * per.step(weight)),
      },
      buffers: isAligned(options) && isInnerMatrix(weight) ? buffersOf(weight, context) : NO_BUFFERS,
    });
  }
  return all;
}

/** Query, key and value are one parameter, and so are gate and up; experts are one each. */
function buffersOf(weight: Weight, { local }: StageContext): Buffers {
  const { split, count, rows, columns } = weight;
  const expert = split === 'expert';
  const items = expert ? count / local.expertParallel : count;
  const width = columns / ranksOf(weight, local);
  const [short, long] = [Math.min(rows, width), Math.max(rows, width)];
  const elements = localParameters(weight, local) / items;
  const all = new Array<BufferParameter>(items).fill({ elements, cost: long * short ** 2 });
  return expert ? { dense: [], expert: all } : { dense: all, expert: [] };
}

function joined(a: Buffers, b: Buffers): Buffers {
  if (b.dense.length + b.expert.length === 0) return a;
  return { dense: [...a.dense, ...b.dense], expert: [...a.expert, ...b.expert] };
}

/** a + factor · b. */
export function unsplitPlus(a: Unsplit | null, b: Unsplit | null, factor = 1): Unsplit | null {
  if (b === null) return a;
  const { seconds, largest, buffers } = a ?? NOTHING;
  const most = (key: keyof Unsplit['largest']): Parameters => ({
    dense: Math.max(largest[key].dense, b.largest[key].dense),
    expert: Math.max(largest[key].expert, b.largest[key].expert),
  });
  return {
    seconds: {
      dense: seconds.dense + factor * b.seconds.dense,
      expert: seconds.expert + factor * b.seconds.expert,
    },
    largest: { seconds: most('seconds'), states: most('states'), step: most('step') },
    buffers: joined(buffers, b.buffers),
  };
}

/**
 * What the rank with most has beyond a `share` of the whole, at most: dealt out largest first to whoever has least, one more
 * than the mean of the others (Graham 1969, Bounds on multiprocessing timing anomalies).
 */
export function beyondShare(largest: number, share: number): number {
  return share < 1 ? (1 - share) * largest : 0;
}

const NONE: Parameters = { dense: 0, expert: 0 };

const NO_BUFFERS: Buffers = { dense: [], expert: [] };

const NOTHING: Unsplit = {
  seconds: NONE,
  largest: { seconds: NONE, states: NONE, step: NONE },
  buffers: NO_BUFFERS,
};
