/** A stage of one kind of layers, as a bound sees it. */
export interface BoundedStage {
  /** Of a layer, for a micro-batch. */
  readonly seconds: number;
  /** Of a micro-batch, beside its layers. */
  readonly beside: number;
  /** Share of its layers that a micro-batch passes before the next stage begins, and after it ends. */
  readonly ramp: number;
}

/** Times that are tried, the same for all: who has no less to do is never told less. */
const STEP = 1e-4;
const at = (step: number) => Math.exp(step * STEP);
/** Whole layers add no more than this to what a linear program says. */
const MOST = 2;
/** Of a layer: what rounding may take away. */
const ROUNDING = 1e-6;

/**
 * A linear program gives stages parts of layers; a stage has whole ones. Within T stage s takes n_s layers at most, by
 * M·(f_s + n_s·c_s) + Σ_{i<s} r_i·n_i·c_i ≤ T, where at least L − n_s − Σ_{j>s} n_j layers come before it, each for min_{i<s} r_i·c_i at
 * least: from the last stage to the first, and all of them together take L. The largest T that is tried with which they do not; `known`,
 * a bound by other means, where they do with that. `room`: layers that fit on each stage; endless where they take less than all.
 */
export function wholeLayers(
  stages: readonly BoundedStage[],
  layers: number,
  { microBatches, room }: { readonly microBatches: number; readonly room: readonly number[] | null },
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
      const left = time - microBatches * beside - before[s]! * (layers - taken);
      const fit = room === null ? layers : Math.floor(room[s]! + ROUNDING);
      taken += each <= 0 ? fit : Math.min(fit, Math.max(0, Math.floor(left / each + ROUNDING)));
    }
    return taken >= layers;
  };
  if (room !== null && room.reduce((sum, fit) => sum + Math.floor(fit + ROUNDING), 0) < layers)
    return Number.POSITIVE_INFINITY;
  if (within(known)) return known;
  let low = Math.floor(Math.log(known) / STEP);
  let high = low + Math.ceil(Math.log(MOST) / STEP);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (within(at(middle))) high = middle;
    else low = middle;
  }
  return Math.max(known, at(low));
}
