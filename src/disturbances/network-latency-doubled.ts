import { withNetworkLatencyTimes } from '../domain/slower-network.ts';
import { hasNetwork } from './between-nodes.ts';
import type { Disturbance } from './disturbance.ts';

/** Latencies are those of a kind of network between two nodes: each further switch on the way adds to them. */
export const networkLatencyDoubled: Disturbance = {
  id: 'network-latency-doubled',
  name: 'twice the latency of the network',
  changes: 'time',
  disturbed: (problem) =>
    hasNetwork(problem) ? { ...problem, cluster: withNetworkLatencyTimes(2, problem.cluster) } : null,
};
