import type { StageRoom } from '../domain/memory-term.ts';

/** Cut a sequence of layers into contiguous stages. Seconds are for one micro-batch, forward and backward. */
export interface PartitionProblem {
  /** Kind index of each layer, in order. */
  readonly layerKinds: readonly number[];
  readonly stages: readonly PartitionStage[];
  readonly microBatches: number;
  /** The next step begins before this one has left the pipeline, which never fills nor drains. */
  readonly flows?: true;
}

export interface PartitionStage {
  /** By layer kind. */
  readonly secondsPerLayer: readonly number[];
  /** Ends of the model and transfers, as over the least cut. */
  readonly fixedSeconds: number;
  /** What transfers take more where it begins before layer i, and where it ends there; null: all cuts are alike. */
  readonly passing: Passing | null;
  /** Once a step, after the last backward: by layer kind, and apart from layers. */
  readonly endPerLayer: readonly number[];
  readonly endFixed: number;
  /** A stage that ends before layer i fits in memory when it begins at earliest[i] or later. */
  readonly earliest: Int32Array;
  /** The same as inequalities, for an integer program; null where a stage's layers lie in several chunks. */
  readonly room: StageRoom | null;
}

interface Passing {
  readonly entering: Float64Array;
  readonly leaving: Float64Array;
}

/** Seconds of a stage from one layer to before another. */
function secondsOf(
  { layerKinds }: PartitionProblem,
  stage: PartitionStage,
  first: number,
  end: number,
): number {
  const { secondsPerLayer, fixedSeconds, passing } = stage;
  let seconds = fixedSeconds;
  if (passing !== null) seconds += passing.entering[first]! + passing.leaving[end]!;
  for (let layer = first; layer < end; layer++) seconds += secondsPerLayer[layerKinds[layer]!]!;
  return seconds;
}

/**
 * The 1F1B objective with unequal stages: (m − 1) · slowest + sum; then the end of the step, the slowest stage's. A pipeline that never
 * drains has m · slowest: what its first micro-batch adds is the slowest stage's once more, and `sum` is that.
 */
export function objective(bottleneck: number, sum: number, end: number, microBatches: number): number {
  return (microBatches - 1) * bottleneck + sum + end;
}

/** The most layers a stage can hold, wherever they lie: of one kind exactly. */
export function mostLayers({ earliest }: PartitionStage): number {
  let most = 0;
  for (const [end, start] of earliest.entries()) most = Math.max(most, end - start);
  return most;
}

export interface Cut {
  readonly layersPerStage: readonly number[];
  readonly bottleneckSeconds: number;
  /** What the first micro-batch takes through all stages; of a pipeline that never drains, its slowest stage. */
  readonly sumSeconds: number;
  /** Of the stage that takes longest after the last backward. */
  readonly endSeconds: number;
  readonly objectiveSeconds: number;
}

/**
 * Under 1F1B no cut takes less: stage s works on every micro-batch, after all earlier stages have passed the first and
 * before they take back the last: max over s of m · t_s + Σ_{i<s} t_i. Where the pipeline never drains they do so beside other steps.
 */
export function leastSeconds(
  problem: PartitionProblem,
  { layersPerStage }: Cut,
  microBatches: number,
): number {
  let [first, before, least] = [0, 0, 0];
  for (const [s, count] of layersPerStage.entries()) {
    const seconds = secondsOf(problem, problem.stages[s]!, first, first + count);
    least = Math.max(least, microBatches * seconds + before);
    if (problem.flows !== true) before += seconds;
    first += count;
  }
  return least;
}

/** Recomputes a cut's figures from nothing but the problem; null when it is not a valid cut. */
export function judge(problem: PartitionProblem, layersPerStage: readonly number[]): Cut | null {
  if (layersPerStage.length !== problem.stages.length) return null;
  if (layersPerStage.some((n) => !Number.isInteger(n) || n < 1)) return null;
  if (layersPerStage.reduce((a, b) => a + b, 0) !== problem.layerKinds.length) return null;
  let first = 0;
  let bottleneckSeconds = 0;
  let sumSeconds = 0;
  let endSeconds = 0;
  for (const [s, count] of layersPerStage.entries()) {
    const stage = problem.stages[s]!;
    if (first < stage.earliest[first + count]!) return null;
    const seconds = secondsOf(problem, stage, first, first + count);
    let end = stage.endFixed;
    for (let layer = first; layer < first + count; layer++)
      end += stage.endPerLayer[problem.layerKinds[layer]!]!;
    first += count;
    bottleneckSeconds = Math.max(bottleneckSeconds, seconds);
    sumSeconds = problem.flows === true ? bottleneckSeconds : sumSeconds + seconds;
    endSeconds = Math.max(endSeconds, end);
  }
  return {
    layersPerStage,
    bottleneckSeconds,
    sumSeconds,
    endSeconds,
    objectiveSeconds: objective(bottleneckSeconds, sumSeconds, endSeconds, problem.microBatches),
  };
}
