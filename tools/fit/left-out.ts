import { type Case, residual, rowWeights } from './cases.ts';
import { jacobianAt, lossOf, solve } from './gauss-newton.ts';
import type { Knob, Values } from './knobs.ts';

/** Times that the residuals of the cases kept are worked out anew. */
const ROUNDS = 2;
/** Steps on their straight lines between. */
const STEPS = 12;

/**
 * The constants as they would be fitted without one source, from where all of them fitted: its cases left out, steps go along how every
 * residual hangs on every constant there, and what they come to is worked out anew each round. One matrix serves all sources, so that each
 * costs two evaluations of the other cases and not a fit of its own.
 */
export function fittedWithout(
  cases: readonly Case[],
  knobs: readonly Knob[],
  from: Values,
): (source: string) => Values {
  const start = knobs.map((k) => Math.log(k.start));
  const x0 = knobs.map((k) => Math.log(Math.min(k.high, Math.max(k.low, from[k.name]!))));
  const valuesOf = (x: readonly number[]): Values =>
    Object.fromEntries(knobs.map((k, i) => [k.name, Math.exp(x[i]!)]));
  const r0 = cases.map((one) => residual(one, valuesOf(x0)));
  const all = jacobianAt(cases, knobs, x0, r0);
  return (source) => {
    const kept = [...cases.keys()].filter((i) => cases[i]!.group !== source);
    const rest = kept.map((i) => cases[i]!);
    const jacobian = all.map((column) => Float64Array.from(kept, (i) => column[i]!));
    const weights = rowWeights(rest);
    let x: readonly number[] = x0;
    let r: readonly number[] = kept.map((i) => r0[i]!);
    let loss = lossOf(r, weights, x, start);
    for (let round = 0; round < ROUNDS; round++) {
      const next = alongLines(jacobian, r, weights, x, start, knobs);
      const residuals = rest.map((one) => residual(one, valuesOf(next)));
      const value = lossOf(residuals, weights, next, start);
      if (value >= loss) break;
      [x, r, loss] = [next, residuals, value];
    }
    return valuesOf(x);
  };
}

/** Re-weighted steps while residuals are taken to change in straight lines; one that does not help is halved. */
function alongLines(
  jacobian: readonly Float64Array[],
  from: readonly number[],
  weights: readonly number[],
  x0: readonly number[],
  start: readonly number[],
  knobs: readonly Knob[],
): readonly number[] {
  let x = x0;
  let r = from;
  let loss = lossOf(r, weights, x, start);
  for (let i = 0; i < STEPS; i++) {
    const step = solve(jacobian, r, weights, x, start, knobs);
    let moved = false;
    for (let factor = 1; factor > 0.05 && !moved; factor /= 2) {
      const next = x.map((value, k) => value + factor * step[k]!);
      const residuals = r.map(
        (e, row) => e + jacobian.reduce((sum, column, k) => sum + column[row]! * (next[k]! - x[k]!), 0),
      );
      const value = lossOf(residuals, weights, next, start);
      if (value >= loss) continue;
      [x, r, loss, moved] = [next, residuals, value, true];
    }
    if (!moved) break;
  }
  return x;
}
