import { type Case, residual, rowWeights } from './cases.ts';
import { lossOf } from './gauss-newton.ts';
import type { Knob, Values } from './knobs.ts';

/** First step of each constant, ln; one that helps grows, one that does not shrinks. */
const FIRST = 0.04;
const GROWTH = 1.5;

/**
 * Goes on where Gauss–Newton stands still: absolute errors and bounds give the loss corners, and one constant at a time
 * still finds its way down from there.
 */
export function polished(
  cases: readonly Case[],
  knobs: readonly Knob[],
  from: Values,
  sweeps: number,
  report: (sweep: number, loss: number) => void = () => {},
): Values {
  const weights = rowWeights(cases);
  const start = knobs.map((k) => Math.log(k.start));
  const x = knobs.map((k) => Math.log(Math.min(k.high, Math.max(k.low, from[k.name]!))));
  const valuesAt = (k: number, at: number): Values =>
    Object.fromEntries(knobs.map(({ name }, i) => [name, Math.exp(i === k ? at : x[i]!)]));
  let r = cases.map((one) => residual(one, valuesAt(-1, 0)));
  let loss = lossOf(r, weights, x, start);
  const steps = knobs.map(() => FIRST);
  /** Rows that felt a constant in the first sweep, either way. */
  const felt = knobs.map(() => new Set<number>());

  const better = (k: number, step: number, first: boolean): boolean => {
    const { low, high } = knobs[k]!;
    const at = Math.min(Math.log(high), Math.max(Math.log(low), x[k]! + step));
    if (at === x[k]) return false;
    const v = valuesAt(k, at);
    const next = [...r];
    for (const i of first ? cases.keys() : felt[k]!) {
      next[i] = residual(cases[i]!, v);
      if (next[i] !== r[i]) felt[k]!.add(i);
    }
    const value = lossOf(
      next,
      weights,
      x.map((one, i) => (i === k ? at : one)),
      start,
    );
    if (value >= loss) return false;
    [r, loss, x[k]] = [next, value, at];
    return true;
  };

  for (let sweep = 1; sweep <= sweeps; sweep++) {
    for (const k of knobs.keys()) {
      const step = steps[k]!;
      const up = better(k, step, sweep === 1);
      const down = (!up || sweep === 1) && better(k, -step, sweep === 1);
      steps[k] = up || down ? step * GROWTH : step / 2;
    }
    report(sweep, loss);
  }
  return valuesAt(-1, 0);
}
