import type { Disturbance } from './disturbance.ts';

/** Launch times are those of the hosts that a stack was fitted on: what CPU a host has, and who shares it, is seldom stated. */
const TIMES = 1.5;

export const slowLaunches: Disturbance = {
  id: 'slow-launches',
  name: `host launches ${TIMES} times slower`,
  changes: 'time',
  disturbed: (problem) => {
    const { stack } = problem;
    const { host } = stack;
    return {
      ...problem,
      stack: { ...stack, host: { ...host, secondsPerUnit: TIMES * host.secondsPerUnit } },
    };
  },
};
