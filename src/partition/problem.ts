/** Cut a sequence of layers into contiguous stages. Seconds are for one micro-batch, forward and backward. */
export interface PartitionProblem {
  /** Kind index of each layer, in order. */
  readonly layerKinds: readonly number[];
  readonly stages: readonly PartitionStage[];
  readonly microBatches: number;
}

export interface PartitionStage {
  /** By layer kind. */
  readonly secondsPerLayer: readonly number[];
  /** Ends of the model and transfers. */
  readonly fixedSeconds: number;
  /** By layer kind: states of one layer, and what each micro-batch in flight keeps of it. */
  readonly residentBytes: readonly number[];
  readonly activationBytes: readonly number[];
  readonly inFlight: number;
  readonly fixedBytes: number;
  readonly capacityBytes: number;
}

/** The 1F1B objective with unequal stages: (m − 1) · slowest + sum. */
export function objective(bottleneck: number, sum: number, microBatches: number): number {
  return (microBatches - 1) * bottleneck + sum;
}

/** Bytes one layer of a kind costs a stage. */
export function bytesPerLayer(stage: PartitionStage, kind: number): number {
  return (stage.residentBytes[kind] ?? 0) + stage.inFlight * (stage.activationBytes[kind] ?? 0);
}

export interface Cut {
  readonly layersPerStage: readonly number[];
  readonly bottleneckSeconds: number;
  readonly sumSeconds: number;
  readonly objectiveSeconds: number;
}

/** Recomputes a cut's figures from nothing but the problem; null when it is not a valid cut. */
export function judge(problem: PartitionProblem, layersPerStage: readonly number[]): Cut | null {
  if (layersPerStage.length !== problem.stages.length) return null;
  if (layersPerStage.some((n) => !Number.isInteger(n) || n < 1)) return null;
  if (layersPerStage.reduce((a, b) => a + b, 0) !== problem.layerKinds.length) return null;
  let first = 0;
  let bottleneckSeconds = 0;
  let sumSeconds = 0;
  for (const [s, count] of layersPerStage.entries()) {
    const stage = problem.stages[s]!;
    let seconds = stage.fixedSeconds;
    let bytes = stage.fixedBytes;
    for (let layer = first; layer < first + count; layer++) {
      seconds += stage.secondsPerLayer[problem.layerKinds[layer]!]!;
      bytes += bytesPerLayer(stage, problem.layerKinds[layer]!);
    }
    if (bytes > stage.capacityBytes * (1 + 1e-12)) return null;
    first += count;
    bottleneckSeconds = Math.max(bottleneckSeconds, seconds);
    sumSeconds += seconds;
  }
  return {
    layersPerStage,
    bottleneckSeconds,
    sumSeconds,
    objectiveSeconds: objective(bottleneckSeconds, sumSeconds, problem.microBatches),
  };
}
