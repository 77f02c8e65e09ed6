import type { Reason } from '../domain/reason.ts';
import { type Cut, judge, mostLayers, type PartitionProblem } from './problem.ts';

/** Bottlenecks up to this factor above a perfect share are looked at first: the optimum nearly always lies there. */
const NEAR = 1.5;

/**
 * The exact cut: least (m − 1)·max + sum. For a bottleneck T, dynamic programming over cut positions finds the least
 * sum with every stage at most T and within memory; T then falls below what that cut needs, and below what could still
 * win with the least possible sum. Large T are slow to try and rarely useful, so T starts near a perfect share; larger
 * ones are visited only where the best found leaves room for them.
 */
export function cutLayers(problem: PartitionProblem): Cut | Reason {
  const table = prefixSums(problem);
  const least = leastSum(problem);
  const lowest = lowestBottleneck(problem);
  const idle = problem.microBatches - 1;
  let best: Cut | null = null;
  /** Visits every useful T from `limit` down to `floor`. */
  const descend = (from: number, floor: number) => {
    for (let limit = from; limit >= floor; ) {
      const counts = leastSumCut(problem, table, limit);
      if (counts === null) return;
      const cut = judge(problem, counts);
      if (cut === null) throw new Error('the cut fails its own check');
      if (best === null || cut.objectiveSeconds < best.objectiveSeconds) best = cut;
      limit = Math.min(cut.bottleneckSeconds, useful()) * (1 - 1e-12);
    }
  };
  /** The largest T with which a cut could still beat the best. */
  const useful = () =>
    best === null ? Number.POSITIVE_INFINITY : idle > 0 ? (best.objectiveSeconds - least) / idle : 0;
  const widest = Math.max(...problem.stages.map((stage) => stage.fixedSeconds));
  const near = NEAR * (lowest + widest);
  descend(near, lowest);
  if (idle === 0 || useful() > near) descend(idle === 0 ? Number.POSITIVE_INFINITY : useful(), near);
  return best ?? tooTight(problem);
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

/** By stage: seconds of layers 0 … i − 1. */
type Prefix = readonly Float64Array[];

function prefixSums({ stages, layerKinds }: PartitionProblem): Prefix {
  return stages.map(({ secondsPerLayer }) => {
    const row = new Float64Array(layerKinds.length + 1);
    for (const [i, kind] of layerKinds.entries()) row[i + 1] = row[i]! + secondsPerLayer[kind]!;
    return row;
  });
}

/**
 * No bottleneck is below all layers shared out by speed. Layer kinds are weighed by their mean seconds, w_k; a stage gets
 * through no more weight in a second than max_k w_k/seconds_k, so T ≥ Σ w / Σ_stages max_k w_k/seconds_k.
 */
function lowestBottleneck({ stages, layerKinds }: PartitionProblem): number {
  const kinds = [...new Set(layerKinds)];
  const mean = new Map(
    kinds.map((kind) => [kind, stages.reduce((sum, stage) => sum + stage.secondsPerLayer[kind]!, 0)]),
  );
  const all = layerKinds.reduce((sum, kind) => sum + mean.get(kind)!, 0);
  const speed = stages.reduce(
    (sum, { secondsPerLayer }) =>
      sum + Math.max(...kinds.map((kind) => mean.get(kind)! / secondsPerLayer[kind]!)),
    0,
  );
  return ((1 - 1e-9) * all) / speed;
}

function leastSumCut(problem: PartitionProblem, table: Prefix, limit: number): number[] | null {
  const { stages, layerKinds } = problem;
  const layers = layerKinds.length;
  const count = stages.length;
  let reach = new Float64Array(layers + 1).fill(Number.POSITIVE_INFINITY);
  reach[0] = 0;
  const from: Int32Array[] = [];
  for (let s = 0; s < count; s++) {
    const stage = stages[s]!;
    const seconds = table[s]!;
    const next = new Float64Array(layers + 1).fill(Number.POSITIVE_INFINITY);
    const back = new Int32Array(layers + 1).fill(-1);
    const last = s === count - 1;
    for (let i = last ? layers : s + 1; i <= layers - (count - 1 - s); i++) {
      const earliest = Math.max(s, stage.earliest[i]!);
      for (let j = i - 1; j >= earliest; j--) {
        const time = stage.fixedSeconds + seconds[i]! - seconds[j]!;
        if (time > limit) break;
        const total = reach[j]! + time;
        if (total < next[i]!) {
          next[i] = total;
          back[i] = j;
        }
      }
    }
    from.push(back);
    reach = next;
  }
  if (reach[layers] === Number.POSITIVE_INFINITY) return null;
  const counts = new Array<number>(count);
  let end = layers;
  for (let s = count - 1; s >= 0; s--) {
    const start = from[s]![end]!;
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
