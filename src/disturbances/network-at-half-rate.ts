import { withNetworkAt } from '../domain/slower-network.ts';
import { hasNetwork } from './between-nodes.ts';
import type { Disturbance } from './disturbance.ts';

/** Rates are those of an idle network: jobs beside this one, a link that fell back to half its width, or one card of two leave as much. */
export const networkAtHalfRate: Disturbance = {
  id: 'network-at-half-rate',
  name: 'the network at half its rate',
  changes: 'time',
  disturbed: (problem) =>
    hasNetwork(problem) ? { ...problem, cluster: withNetworkAt(0.5, problem.cluster) } : null,
};
