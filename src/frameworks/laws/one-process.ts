import { hostRuns } from '../../launch-folder/ranks.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { no, type Rule } from './rule.ts';

/** One pipeline whose stages are single GPUs of one host: what one command there starts. */
export const stagesOfOneHost: readonly Rule[] = [
  (_, plan) => {
    const { dp, cp, ep, vpp } = degreesOf(plan);
    return dp * cp * ep * vpp === 1
      ? null
      : no(
          'degrees',
          `dp=${dp}, cp=${cp}, ep=${ep}, vpp=${vpp}`,
          'stages of one GPU alone: 1 of each',
          'Maybe --fix dp=1,tp=1.',
        );
  },
  // A stage that stands alone would have all micro-batches of a step forward before any goes back.
  (_, plan) => (degreesOf(plan).pp > 1 ? null : no('stages', 'pp=1', 'pp of 2 or more: it is a pipeline')),
  ({ cluster }, plan) => {
    const hosts = new Set(hostRuns(cluster, plan).map(({ host }) => host));
    return hosts.size === 1 ? null : no('one-host', `${hosts.size} hosts`, 'the GPUs of one');
  },
];
