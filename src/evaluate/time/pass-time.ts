/** Seconds of one pass (forward, backward or recompute) of one or more operators on one GPU, by part. */
export interface PassTime {
  gemm: number;
  attention: number;
  memoryBound: number;
  /** Exposed communication. */
  tensorParallel: number;
  contextParallel: number;
  expertParallel: number;
  /** FSDP gathers and scatters that compute does not hide. */
  dataParallel: number;
  /** Compute slowed by communication beside it. */
  contention: number;
  /** What launching takes beyond what the device takes. */
  host: number;
  /** Whole layers, as a user's layer profile has them. */
  measured: number;
}

/** One micro-batch through something, recomputation in its backward. Seconds. */
export interface Passes {
  readonly forward: number;
  readonly backward: number;
}

export function noTime(): PassTime {
  return {
    gemm: 0,
    attention: 0,
    memoryBound: 0,
    tensorParallel: 0,
    contextParallel: 0,
    expertParallel: 0,
    dataParallel: 0,
    contention: 0,
    host: 0,
    measured: 0,
  };
}

export function seconds(t: PassTime): number {
  return (
    t.gemm +
    t.attention +
    t.memoryBound +
    t.tensorParallel +
    t.contextParallel +
    t.expertParallel +
    t.dataParallel +
    t.contention +
    t.host +
    t.measured
  );
}

/** Adds `factor` times `from` to `to`. */
export function addTime(to: PassTime, from: PassTime, factor = 1): PassTime {
  to.gemm += factor * from.gemm;
  to.attention += factor * from.attention;
  to.memoryBound += factor * from.memoryBound;
  to.tensorParallel += factor * from.tensorParallel;
  to.contextParallel += factor * from.contextParallel;
  to.expertParallel += factor * from.expertParallel;
  to.dataParallel += factor * from.dataParallel;
  to.contention += factor * from.contention;
  to.host += factor * from.host;
  to.measured += factor * from.measured;
  return to;
}
