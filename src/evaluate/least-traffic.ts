import type { StepTraffic } from '../techniques/traffic.ts';

/** What each layer of a kind, and each end of the model, sends and updates once a step at least, with nothing hidden. Seconds. */
export interface LeastTraffic {
  readonly layers: readonly StepTraffic[];
  readonly embedding: StepTraffic;
  readonly head: StepTraffic;
}
