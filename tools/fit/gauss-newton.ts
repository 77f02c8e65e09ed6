import { type Case, residual, rowWeights } from './cases.ts';
import type { Knob, Values } from './knobs.ts';

/** Strength of the pull to the starting values: a factor of e costs this share of one point of error. */
const PRIOR = 4e-4;
/** |ln error| from which a row no longer pulls: beyond it something is missing from the model or from the row. */
const OUTLIER = 0.5;
/** Largest move of a constant in one iteration, ln. */
const LARGEST_STEP = 0.35;
const PROBE = 0.02;

/**
 * Minimises the weighted mean |ln(predicted / measured)| by iteratively re-weighted least squares: a Jacobian by finite
 * differences, bounds by fixing what would cross them, halving a step that does not help.
 */
export function fitted(
  cases: readonly Case[],
  knobs: readonly Knob[],
  iterations: number,
  report: (iteration: number, loss: number) => void = () => {},
): Values {
  const weights = rowWeights(cases);
  const logStart = knobs.map((k) => Math.log(k.start));
  let x = [...logStart];
  const valuesOf = (point: readonly number[]): Values =>
    Object.fromEntries(knobs.map((k, i) => [k.name, Math.exp(point[i]!)]));
  const residualsOf = (point: readonly number[]) => {
    const v = valuesOf(point);
    return cases.map((one) => residual(one, v));
  };
  let r = residualsOf(x);
  let loss = lossOf(r, weights, x, logStart);
  /** Rows that do not feel a knob at the first iteration are not asked again. */
  const felt: (readonly number[] | undefined)[] = knobs.map(() => undefined);
  for (let iteration = 1; iteration <= iterations; iteration++) {
    const jacobian = jacobianAt(cases, knobs, x, r, felt);
    const step = solve(jacobian, r, weights, x, logStart, knobs);
    let factor = 1;
    let moved = false;
    while (factor > 0.1) {
      const next = x.map((value, i) => value + factor * step[i]!);
      const residuals = residualsOf(next);
      const value = lossOf(residuals, weights, next, logStart);
      if (value < loss) {
        [x, r, loss, moved] = [next, residuals, value, true];
        break;
      }
      factor /= 2;
    }
    report(iteration, loss);
    if (!moved) break;
  }
  return valuesOf(x);
}

/** By how much each residual (a row) grows with the logarithm of each constant (a column); `felt`: the rows asked, of each constant. */
export function jacobianAt(
  cases: readonly Case[],
  knobs: readonly Knob[],
  x: readonly number[],
  r: readonly number[],
  felt: (readonly number[] | undefined)[] = [],
): Float64Array[] {
  return knobs.map((knob, k) => {
    const h = x[k]! + PROBE <= Math.log(knob.high) ? PROBE : -PROBE;
    const v = Object.fromEntries(knobs.map(({ name }, i) => [name, Math.exp(i === k ? x[i]! + h : x[i]!)]));
    const column = new Float64Array(cases.length);
    for (const i of felt[k] ?? cases.keys()) column[i] = (residual(cases[i]!, v) - r[i]!) / h;
    felt[k] ??= cases.flatMap((_, i) => (column[i] === 0 ? [] : [i]));
    return column;
  });
}

export function lossOf(
  residuals: readonly number[],
  weights: readonly number[],
  x: readonly number[],
  start: readonly number[],
): number {
  let sum = 0;
  let weight = 0;
  for (const [i, e] of residuals.entries()) {
    sum += weights[i]! * Math.min(Math.abs(e), OUTLIER);
    weight += weights[i]!;
  }
  return sum / weight + PRIOR * x.reduce((total, value, i) => total + (value - start[i]!) ** 2, 0);
}

/** One re-weighted least-squares step within bounds. */
export function solve(
  jacobian: readonly Float64Array[],
  r: readonly number[],
  weights: readonly number[],
  x: readonly number[],
  start: readonly number[],
  knobs: readonly Knob[],
): number[] {
  const n = knobs.length;
  const all = weights.reduce((a, b) => a + b, 0);
  const rows = r.map((e, i) =>
    Math.abs(e) > OUTLIER ? 0 : weights[i]! / all / Math.max(Math.abs(e), 0.01) / 2,
  );
  const a = jacobian.map((left, i) =>
    jacobian.map(
      (right, j) =>
        rows.reduce((sum, w, row) => sum + w * left[row]! * right[row]!, 0) + (i === j ? PRIOR + 1e-6 : 0),
    ),
  );
  const b = jacobian.map(
    (column, i) =>
      -rows.reduce((sum, w, row) => sum + w * column[row]! * r[row]!, 0) - PRIOR * (x[i]! - start[i]!),
  );
  const fixed: (number | undefined)[] = knobs.map(() => undefined);
  for (let pass = 0; pass < n; pass++) {
    const step = linearSolve(a, b, fixed);
    let crossed = false;
    for (const [i, knob] of knobs.entries()) {
      if (fixed[i] !== undefined) continue;
      const low = Math.max(-LARGEST_STEP, Math.log(knob.low) - x[i]!);
      const high = Math.min(LARGEST_STEP, Math.log(knob.high) - x[i]!);
      const bounded = Math.min(high, Math.max(low, step[i]!));
      if (bounded === step[i]) continue;
      fixed[i] = bounded;
      crossed = true;
    }
    if (!crossed) return step;
  }
  return fixed.map((value) => value ?? 0);
}

/** Gaussian elimination of a·s = b with some of s given. */
function linearSolve(
  a: readonly (readonly number[])[],
  b: readonly number[],
  fixed: readonly (number | undefined)[],
): number[] {
  const free = fixed.flatMap((value, i) => (value === undefined ? [i] : []));
  const m = free.map((i) => [
    ...free.map((j) => a[i]![j]!),
    b[i]! - fixed.reduce<number>((sum, value, j) => sum + (value === undefined ? 0 : a[i]![j]! * value), 0),
  ]);
  for (let c = 0; c < m.length; c++) {
    let pivot = c;
    for (let row = c + 1; row < m.length; row++)
      if (Math.abs(m[row]![c]!) > Math.abs(m[pivot]![c]!)) pivot = row;
    [m[c], m[pivot]] = [m[pivot]!, m[c]!];
    for (let row = 0; row < m.length; row++) {
      if (row === c) continue;
      const factor = m[row]![c]! / m[c]![c]!;
      for (let k = c; k <= m.length; k++) m[row]![k]! -= factor * m[c]![k]!;
    }
  }
  const step = fixed.map((value) => value ?? 0);
  for (const [row, i] of free.entries()) step[i] = m[row]![m.length]! / m[row]![row]!;
  return step;
}
