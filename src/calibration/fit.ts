import { median } from '../accuracy/metrics.ts';
import type { CalibrationFactors } from '../domain/calibration.ts';
import { LINKS, type LinkFactor, LOGS, moved, type Response } from './response.ts';

/** Steps in which a link factor is looked for, as logarithm: two per cent. */
const STEP = 0.02;
const ROUNDS = 3;

/** Logarithms of the factors that are fitted; those of others are 0. */
export interface Fit {
  readonly time: number;
  readonly network: number;
  readonly intraNode: number;
}

export const NO_FIT: Fit = { time: 0, network: 0, intraNode: 0 };

/**
 * The factors under which the runs are off by least, each run counting by its distance alone, so that one odd run moves little: of the time
 * the median, of each link the best on a grid, one after the other.
 */
export function fitted(runs: readonly Response[], links: readonly LinkFactor[]): Fit {
  let fit = withTime(runs, NO_FIT);
  if (links.length === 0) return fit;
  for (let round = 0; round < (links.length > 1 ? ROUNDS : 1); round++)
    for (const link of links) {
      let best = { fit, loss: Number.POSITIVE_INFINITY };
      for (let log = LOGS[0]!; log <= LOGS.at(-1)! + 1e-9; log += STEP) {
        const other = withTime(runs, { ...fit, [link]: log });
        // Of factors that are as good the one nearest to none.
        const loss = lossOf(runs, other) + 1e-6 * Math.abs(log);
        if (loss < best.loss) best = { fit: other, loss };
      }
      fit = best.fit;
    }
  return fit;
}

function withTime(runs: readonly Response[], fit: Fit): Fit {
  return { ...fit, time: median(runs.map((run) => run.off - movedBy(run, fit)))! };
}

function movedBy(run: Response, fit: Fit): number {
  return LINKS.reduce((sum, link) => sum + (fit[link] === 0 ? 0 : moved(run[link], fit[link])), 0);
}

/** ln of measured over estimated with the factors. */
export function residual(run: Response, fit: Fit): number {
  return run.off - fit.time - movedBy(run, fit);
}

function lossOf(runs: readonly Response[], fit: Fit): number {
  return runs.reduce((sum, run) => sum + Math.abs(residual(run, fit)), 0) / runs.length;
}

/** Mean of |ln| over runs each left out of the fit in turn. */
export function leftOutLoss(runs: readonly Response[], links: readonly LinkFactor[]): number {
  const all = runs.map((run, i) => Math.abs(residual(run, fitted(runs.toSpliced(i, 1), links))));
  return all.reduce((sum, one) => sum + one, 0) / all.length;
}

/** Factors as a calibration has them, with four digits. */
export function factorsOf(fit: Fit, links: readonly LinkFactor[]): CalibrationFactors {
  return {
    time: short(Math.exp(fit.time)),
    ...Object.fromEntries(links.map((link) => [link, short(Math.exp(fit[link]))])),
  };
}

export function short(value: number): number {
  return Number(value.toPrecision(4));
}
