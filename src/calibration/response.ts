import { withFactors } from '../domain/calibrated.ts';
import type { CalibrationFactors } from '../domain/calibration.ts';
import { estimate } from '../evaluate/estimate.ts';
import type { TimedRun } from './independent.ts';

/** What a link factor may be: slower than a fifth is another fault, faster than by half is another link. */
const LINK_FACTORS = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.15, 1.3, 1.5] as const;
export type LinkFactor = 'network' | 'intraNode';
export const LINKS: readonly LinkFactor[] = ['network', 'intraNode'];

/** How the estimate of a run moves with each factor, as logarithms. */
export interface Response {
  /** ln of measured over estimated. */
  readonly off: number;
  /** ln of the step at each of LINK_FACTORS over that at 1. */
  readonly network: readonly number[];
  readonly intraNode: readonly number[];
}

export function responseOf(run: TimedRun): Response {
  const base = secondsWith(run, {});
  const along = (factor: LinkFactor) => {
    // What does not wait for a link at a fifth of its rate never does.
    if (secondsWith(run, { [factor]: LINK_FACTORS[0] }) === base) return LINK_FACTORS.map(() => 0);
    return LINK_FACTORS.map((value) => Math.log(secondsWith(run, { [factor]: value }) / base));
  };
  return {
    off: Math.log(run.seconds / base),
    network: along('network'),
    intraNode: along('intraNode'),
  };
}

/** Seconds of a step with factors. */
export function secondsWith({ problem, plan }: TimedRun, factors: CalibrationFactors): number {
  return estimate(withFactors(problem, factors), plan).stepSeconds;
}

/** ln of the step at ln of a factor over that at 1: along straight lines between those that were worked out. */
export function moved(along: readonly number[], log: number): number {
  const within = Math.min(log, LOGS.at(-1)!);
  const at = Math.max(
    1,
    LOGS.findIndex((one) => one >= within),
  );
  const [low, high] = [LOGS[at - 1]!, LOGS[at]!];
  const part = (within - low) / (high - low);
  return along[at - 1]! + part * (along[at]! - along[at - 1]!);
}

export const LOGS: readonly number[] = LINK_FACTORS.map(Math.log);

/** Share of a step that waits for a link: by how much it shrinks, over how much faster the link is. */
export function waiting(along: readonly number[]): number {
  const slower = LINK_FACTORS.indexOf(0.8);
  return along[slower]! / -LOGS[slower]!;
}
