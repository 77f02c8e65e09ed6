/** A stage of one kind of layers, as a bound sees it. */
export interface BoundedStage {
  /** Of a layer, for a micro-batch. */
  readonly seconds: number;
  /** Of a micro-batch, beside its layers. */
  readonly beside: number;
  /** Share of its layers that a micro-batch passes before the next stage begins, and after it ends. */
  readonly ramp: number;
}

/** How near the least time is found, and the most that whole layers can add to what a linear program says. */
const NEAR = 1e-3;
const MOST = 2;

/**
 * A linear program gives stages parts of layers; a stage has whole ones. Within T stage s takes n_s layers at most, by
 * M·(f_s + n_s·c_s) + Σ_{i<s} r_i·n_i·c_i ≤ T, where at least L − n_s − Σ_{j>s} n_j layers come before it, each for min_{i<s} r_i·c_i at
 * least: from the last stage to the first, and all of them together take L. The largest T, near enough, with which they do not; `known`,
 * a bound by other means, where they do with that.
 */
export function wholeLayers(
  stages: readonly BoundedStage[],
  layers: number,
  microBatches: number,
  known: number,
): number {
  const before: number[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const { seconds, ramp } of stages) {
    before.push(least === Number.POSITIVE_INFINITY ? 0 : least);
    least = Math.min(least, ramp * seconds);
  }
  const within = (time: number): boolean => {
    let taken = 0;
    for (let s = stages.length - 1; s >= 0 && taken < layers; s--) {
      const { seconds, beside } = stages[s]!;
      const each = microBatches * seconds - before[s]!;
      const room = time - microBatches * beside - before[s]! * (layers - taken);
      if (each <= 0) return true;
      taken += Math.max(0, Math.floor(room / each + NEAR));
    }
    return taken >= layers;
  };
  if (within(known)) return known;
  let [low, high] = [known, known * MOST];
  while (high - low > NEAR * known) {
    const middle = (low + high) / 2;
    if (within(middle)) high = middle;
    else low = middle;
  }
  return low;
}
