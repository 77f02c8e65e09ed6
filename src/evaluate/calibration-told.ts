import type { Problem } from '../domain/problem.ts';
import { digits, formatInteger } from '../units/format.ts';

/** What of the estimate is as the user's own runs have it. */
export function calibrationTold(problem: Problem): string[] {
  const { calibration: applied } = problem;
  if (applied === undefined) return [];
  const { calibration, unfit, factors, left: outside } = applied;
  const { name, runs, steps, gpus, stack } = calibration;
  if (unfit !== null) return [`calibration ${name} does not hold here: ${unfit}`];
  const of = `${runs} run${runs === 1 ? '' : 's'}${steps === null ? '' : `, ${formatInteger(steps)} steps`} on ${gpus.join(', ')}, ${stack}`;
  const words = FACTOR_WORDS.flatMap(([key, what]) =>
    factors[key] === undefined
      ? []
      : [`${outside.length > 0 && key === 'time' ? 'kernels' : what} ×${digits(factors[key])}`],
  );
  const left = FACTOR_WORDS.flatMap(([key, what]) =>
    calibration.factors[key] !== undefined && factors[key] === undefined ? [what] : [],
  );
  const here = gpus.filter((id) => problem.cluster.groups.some(({ gpu }) => gpu.id === id));
  return [
    ...(outside.length === 0
      ? []
      : [
          `calibration ${name} holds for ${here.join(', ')} alone: it has no run on ${outside.join(', ')}, which stays as estimated, and the band is as without`,
        ]),
    `calibrated by ${name} (${of}): ${words.length === 0 ? 'no factor but 1' : words.join(', ')}`,
    ...(left.length === 0
      ? []
      : [`calibration ${name}: ${left.join(' and ')} of other links than here, left as estimated`]),
  ];
}

/** What each factor of a calibration is of, in words. */
export const FACTOR_WORDS = [
  ['time', 'step time'],
  ['network', 'bandwidth between nodes'],
  ['intraNode', 'bandwidth inside nodes'],
  ['memory', 'allocated memory'],
] as const;
