import type { Reason } from '../domain/reason.ts';
import { type Cut, judge, mostLayers, type PartitionProblem } from './problem.ts';

/** Bottlenecks up to this factor above a perfect share are looked at first: the optimum nearly always lies there. */
const NEAR = 1.5;

/**
 * The exact cut: least (m − 1)·max + sum + end, or m·max + end where the pipeline never drains. Without regard to the end of the step first; then with every stage's end
 * below that of the last cut found, as long as the rest leaves room for a better one.
 */
export function cutLayers(problem: PartitionProblem): Cut | Reason {
  const table = prefixSums(problem);
  const least = lowestEnd(problem);
  let best: Cut | null = null;
  for (let limit = Number.POSITIVE_INFINITY; ; ) {
    const below: number = best === null ? Number.POSITIVE_INFINITY : best.objectiveSeconds - least;
    const cut = leastWithin(problem, table, limit, below);
    if (cut === null) break;
    if (best === null || cut.objectiveSeconds < best.objectiveSeconds) best = cut;
    limit = cut.endSeconds * (1 - SMALL);
    if (limit <= least) break;
  }
  return best ?? tooTight(problem);
}

/** Differences below this share are rounding. */
const SMALL = 1e-12;

/**
 * Of all cuts whose stages each end within `endLimit`, the one with the least (m − 1)·max + sum; null when none has less than
 * `below`. For a bottleneck T, dynamic programming over cut positions finds the least sum with every stage at most T and
 * within memory; T then falls below what that cut needs, and below what could still win with the least possible sum. Large T
 * are slow to try and rarely useful, so T starts near a perfect share; larger ones are visited only where the best found
 * leaves room for them.
 */
function leastWithin(problem: PartitionProblem, table: Prefix, endLimit: number, below: number): Cut | null {
  if (problem.flows === true) return leastSlowest(problem, table, endLimit, below);
  const idle = problem.microBatches - 1;
  const cutAt = (limit: number) => {
    const counts = leastCut('sum', problem, table, limit, endLimit);
    const cut = counts === null ? null : judge(problem, counts);
    if (counts !== null && cut === null) throw new Error('the cut fails its own check');
    return cut;
  };
  const pipeline = (cut: Cut) => cut.objectiveSeconds - cut.endSeconds;
  if (idle === 0) {
    const cut = cutAt(Number.POSITIVE_INFINITY);
    return cut !== null && pipeline(cut) < below ? cut : null;
  }
  const least = leastSum(problem);
  const lowest = lowestBottleneck(problem);
  let best: Cut | null = null;
  let bound = below;
  /** The largest T with which a cut could still beat the best. */
  const useful = () => (bound - least) / idle;
  /** Visits every useful T from `limit` down to `floor`. */
  const descend = (from: number, floor: number) => {
    for (let limit = from; limit >= floor; ) {
      const cut = cutAt(limit);
      if (cut === null) return;
      if (pipeline(cut) < bound) {
        best = cut;
        bound = pipeline(cut);
      }
      limit = Math.min(cut.bottleneckSeconds, useful()) * (1 - SMALL);
    }
  };
  const widest = Math.max(...problem.stages.map((stage) => stage.fixedSeconds));
  const near = NEAR * (lowest + widest);
  descend(Math.min(near, useful()), lowest);
  if (useful() > near) descend(useful(), near);
  return best;
}

/** The same of the slowest stage alone: the least there is, and of all cuts that have it one with the least sum. */
function leastSlowest(problem: PartitionProblem, table: Prefix, endLimit: number, below: number): Cut | null {
  const fastest = leastCut('slowest', problem, table, Number.POSITIVE_INFINITY, endLimit);
  const least = fastest === null ? null : judge(problem, fastest);
  if (least === null || least.objectiveSeconds - least.endSeconds >= below) return null;
  const counts = leastCut('sum', problem, table, least.bottleneckSeconds * (1 + SMALL), endLimit);
  return judge(problem, counts ?? fastest!);
}

/** No cut has a smaller sum: every layer on the stage that is fastest for it. */
function leastSum({ stages, layerKinds }: PartitionProblem): number {
  const fastest = new Map<number, number>();
  let sum = stages.reduce((total, stage) => total + stage.fixedSeconds, 0);
  for (const kind of layerKinds) {
    let seconds = fastest.get(kind);
    if (seconds === undefined) {
      seconds = Math.min(...stages.map((stage) => stage.secondsPerLayer[kind]!));
      fastest.set(kind, seconds);
    }
    sum += seconds;
  }
  return sum;
}

/** By stage: of layers 0 … i − 1, seconds of a micro-batch and of the end of the step. */
type Prefix = readonly {
  /** What ends before layer i has, and what begins there has not: the same numbers where all cuts are alike. */
  readonly until: Float64Array;
  readonly before: Float64Array;
  readonly ends: Float64Array;
}[];

function prefixSums({ stages, layerKinds }: PartitionProblem): Prefix {
  const sums = (perKind: readonly number[]) => {
    const row = new Float64Array(layerKinds.length + 1);
    for (const [i, kind] of layerKinds.entries()) row[i + 1] = row[i]! + perKind[kind]!;
    return row;
  };
  return stages.map(({ secondsPerLayer, endPerLayer, passing }) => {
    const seconds = sums(secondsPerLayer);
    const ends = sums(endPerLayer);
    return passing === null
      ? { until: seconds, before: seconds, ends }
      : {
          until: seconds.map((time, i) => time + passing.leaving[i]!),
          before: seconds.map((time, i) => time - passing.entering[i]!),
          ends,
        };
  });
}

/** No bottleneck is below all layers shared out by speed. */
function lowestBottleneck({ stages, layerKinds }: PartitionProblem): number {
  return shared(
    layerKinds,
    stages.map(({ secondsPerLayer }) => secondsPerLayer),
  );
}

/** No stage that ends last ends sooner. */
function lowestEnd({ stages, layerKinds }: PartitionProblem): number {
  const layers = shared(
    layerKinds,
    stages.map(({ endPerLayer }) => endPerLayer),
  );
  const fixed = stages.map(({ endFixed }) => endFixed);
  return Math.max(layers + Math.min(0, ...fixed), ...fixed);
}

/**
 * Least that some stage gets. Layer kinds are weighed by their mean seconds, w_k; a stage gets through no more weight in a
 * second than max_k w_k/seconds_k, so T ≥ Σ w / Σ_stages max_k w_k/seconds_k.
 */
function shared(layerKinds: readonly number[], stages: readonly (readonly number[])[]): number {
  const kinds = [...new Set(layerKinds)];
  const mean = new Map(kinds.map((kind) => [kind, stages.reduce((sum, seconds) => sum + seconds[kind]!, 0)]));
  const all = layerKinds.reduce((sum, kind) => sum + mean.get(kind)!, 0);
  if (all === 0) return 0;
  const speed = stages.reduce(
    (sum, seconds) => sum + Math.max(...kinds.map((kind) => mean.get(kind)! / seconds[kind]!)),
    0,
  );
  return ((1 - 1e-9) * all) / speed;
}

/** Room for one run of the dynamic program at a time. */
let scratch = { reach: new Float64Array(0), next: new Float64Array(0), from: new Int32Array(0) };

function scratchFor(width: number, stages: number): typeof scratch {
  if (scratch.reach.length < width || scratch.from.length < width * stages)
    scratch = {
      reach: new Float64Array(width),
      next: new Float64Array(width),
      from: new Int32Array(width * stages),
    };
  return scratch;
}

/** Layers of each stage, none above `limit` nor ending after `endLimit`, with the least sum of all stages' seconds, or the least slowest one. */
function leastCut(
  of: 'sum' | 'slowest',
  problem: PartitionProblem,
  table: Prefix,
  limit: number,
  endLimit: number,
): number[] | null {
  const { stages, layerKinds } = problem;
  const layers = layerKinds.length;
  const count = stages.length;
  const width = layers + 1;
  const slowest = of === 'slowest';
  const { from, ...rows } = scratchFor(width, count);
  let { reach, next } = rows;
  reach.fill(Number.POSITIVE_INFINITY, 0, width);
  reach[0] = 0;
  for (let s = 0; s < count; s++) {
    const { earliest, fixedSeconds, endFixed, passing } = stages[s]!;
    const { until: reached, before, ends } = table[s]!;
    // A later beginning may then have more to receive than it has layers less.
    const rising = passing === null;
    next.fill(Number.POSITIVE_INFINITY, 0, width);
    const last = layers - (count - 1 - s);
    for (let i = s === count - 1 ? layers : s + 1; i <= last; i++) {
      const until = fixedSeconds + reached[i]!;
      const untilEnd = endFixed + ends[i]!;
      const first = Math.max(s, earliest[i]!);
      let least = Number.POSITIVE_INFINITY;
      let back = -1;
      // The first stage begins with the first layer.
      for (let j = s === 0 ? 0 : i - 1; j >= first; j--) {
        const time = until - before[j]!;
        if (time > limit || untilEnd - ends[j]! > endLimit) {
          if (rising) break;
          continue;
        }
        const total = slowest ? Math.max(reach[j]!, time) : reach[j]! + time;
        if (total < least) {
          least = total;
          back = j;
        }
      }
      next[i] = least;
      from[s * width + i] = back;
    }
    [reach, next] = [next, reach];
  }
  if (reach[layers] === Number.POSITIVE_INFINITY) return null;
  const counts = new Array<number>(count);
  let end = layers;
  for (let s = count - 1; s >= 0; s--) {
    const start = from[s * width + end]!;
    counts[s] = end - start;
    end = start;
  }
  return counts;
}

function tooTight({ stages, layerKinds }: PartitionProblem): Reason {
  if (stages.length > layerKinds.length) {
    return {
      rule: 'layers-per-stage',
      actual: `${layerKinds.length} layers`,
      limit: `at least ${stages.length}, one per stage`,
    };
  }
  const room = stages.reduce((sum, stage) => sum + mostLayers(stage), 0);
  return {
    rule: 'memory',
    actual: `room for at most ${room} of ${layerKinds.length} layers`,
    limit: `${layerKinds.length} layers`,
    hint: 'Maybe more recomputation, more tensor parallelism or a smaller micro-batch.',
  };
}
