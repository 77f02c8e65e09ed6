import type { Disturbance } from './disturbance.ts';
import { moreMemory } from './more-memory.ts';
import { networkAtHalfRate } from './network-at-half-rate.ts';
import { networkLatencyDoubled } from './network-latency-doubled.ts';
import { slowLaunches } from './slow-launches.ts';
import { slowNode } from './slow-node.ts';
import { unevenExperts } from './uneven-experts.ts';

/** What the best plans are evaluated under again. A new one is a file and a line here. */
export const DISTURBANCES: readonly Disturbance[] = [
  networkAtHalfRate,
  networkLatencyDoubled,
  unevenExperts,
  slowLaunches,
  moreMemory,
  slowNode,
];
