import { linedUp } from './lined-up.ts';
import type { Pass } from './schedule.ts';
import { simulate } from './simulate.ts';

/** Times of one micro-batch's six passes on one stage, in units of a pass; the pattern repeats every six. */
type Block = Readonly<Record<'F0' | 'F1' | 'B1' | 'B0' | 'W1' | 'W0', number>>;

const PERIOD = 6;
const PASSES = [
  ['F0', 'F', 0],
  ['F1', 'F', 1],
  ['B1', 'B', 1],
  ['B0', 'B', 0],
  ['W1', 'W', 1],
  ['W0', 'W', 0],
] as const;

/** Largest offset between neighbouring stages, and largest gap at a turn, that the search tries. */
const OFFSETS = [1, 2, 3];
const GAPS = [1, 2, 3, 4, 5, 6];

/**
 * The order that repeats one building block: forward and backward move from stage to stage by uniform offsets, down
 * through chunk 0 and up through chunk 1, and no two passes of a stage fall on one slot of six (Qi et al. 2024,
 * arXiv 2405.15362, section 3 and appendix A). Of the blocks within `limit` chunk activations a stage, the one whose
 * squeezed order ends first. `runAhead` micro-batches are put between the last forward and the first backward. null: no block keeps the limit.
 */
export function buildingBlockOrder(
  stages: number,
  microBatches: number,
  limit: number,
  runAhead: number,
): Pass[][] | null {
  const blocks = bestBlock(stages, limit);
  return blocks === null ? null : repeated(blocks, microBatches, PERIOD * runAhead);
}

function repeated(blocks: readonly Block[], microBatches: number, wait: number): Pass[][] {
  return blocks.map((block) => {
    const timed: { at: number; pass: Pass }[] = [];
    for (const [name, kind, chunk] of PASSES) {
      const delay = kind === 'F' ? 0 : wait;
      for (let m = 0; m < microBatches; m++)
        timed.push({ at: block[name] + delay + PERIOD * m, pass: { kind, microBatch: m, chunk } });
    }
    return timed.sort((a, b) => a.at - b.at).map(({ pass }) => pass);
  });
}

const found = new Map<string, readonly Block[] | null>();

function bestBlock(stages: number, limit: number): readonly Block[] | null {
  const key = `${stages}/${limit}`;
  const known = found.get(key);
  if (known !== undefined) return known;
  let best: readonly Block[] | null = null;
  let earliest = Number.POSITIVE_INFINITY;
  const gaps = product(GAPS, 3).sort((a, b) => sum(a) - sum(b));
  for (const d of product(OFFSETS, 4)) {
    for (const gap of gaps) {
      const blocks = blocksOf(stages, d, gap, limit);
      if (blocks === null) continue;
      const end = squeezed(blocks);
      if (end < earliest) [best, earliest] = [blocks, end];
      break;
    }
  }
  found.set(key, best);
  return best;
}

/** When 2p micro-batches are through, each pass as soon as it can and one unit long. */
function squeezed(blocks: readonly Block[]): number {
  const p = blocks.length;
  const ones = Array.from({ length: p }, () => [1, 1]);
  const places = Array.from({ length: 2 * p }, (_, g) =>
    g < p ? { stage: g, chunk: 0 } : { stage: 2 * p - 1 - g, chunk: 1 },
  );
  const costs = {
    forward: ones,
    backward: ones,
    weightGrad: ones,
    transfer: new Array<number>(2 * p).fill(0),
  };
  return simulate(linedUp(repeated(blocks, 2 * p, 0), places, 2 * p), costs).makespanSeconds;
}

function blocksOf(
  stages: number,
  d: readonly number[],
  gap: readonly number[],
  limit: number,
): readonly Block[] | null {
  const blocks: Block[] = [];
  const last = stages - 1;
  const turn1 = last * d[0]! + gap[0]!;
  const turn2 = turn1 + last * d[1]! + gap[1]!;
  const turn3 = turn2 + last * d[2]! + gap[2]!;
  for (let i = 0; i < stages; i++) {
    const F0 = i * d[0]!;
    const F1 = turn1 + (last - i) * d[1]!;
    const B1 = turn2 + i * d[2]!;
    const B0 = turn3 + (last - i) * d[3]!;
    const free = [0, 1, 2, 3, 4, 5].filter((slot) => ![F0, F1, B1, B0].some((t) => t % PERIOD === slot));
    if (free.length !== 2) return null;
    const block = withWeightGradients({ F0, F1, B1, B0 }, free);
    if (alive(block) > limit) return null;
    blocks.push(block);
  }
  return blocks;
}

function withWeightGradients(passes: Omit<Block, 'W0' | 'W1'>, free: readonly number[]): Block {
  const [x, y] = free as [number, number];
  const one = { ...passes, W1: nextAt(passes.B1, x), W0: nextAt(passes.B0, y) };
  const other = { ...passes, W1: nextAt(passes.B1, y), W0: nextAt(passes.B0, x) };
  return one.W1 + one.W0 <= other.W1 + other.W0 ? one : other;
}

function nextAt(after: number, slot: number): number {
  const wait = (((slot - after - 1) % PERIOD) + PERIOD) % PERIOD;
  return after + 1 + wait;
}

/** Most chunk activations alive at once in the steady state, from each F to the end of its W. */
function alive({ F0, F1, W0, W1 }: Block): number {
  let most = 0;
  for (let t = 0; t < PERIOD; t++) {
    let count = 0;
    for (const [from, to] of [
      [F0, W0],
      [F1, W1],
    ] as const)
      count += Math.floor((to - t) / PERIOD) - Math.ceil((from - t) / PERIOD) + 1;
    most = Math.max(most, count);
  }
  return most;
}

function product(values: readonly number[], length: number): number[][] {
  if (length === 0) return [[]];
  return product(values, length - 1).flatMap((head) => values.map((value) => [...head, value]));
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
