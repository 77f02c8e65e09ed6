import type { AppliedCalibration } from './calibration.ts';
import type { Cluster } from './cluster.ts';
import type { LayerProfile } from './layer-profile.ts';
import type { ModelSpec } from './model.ts';
import type { Stack } from './stack.ts';
import type { Workload } from './workload.ts';

/** Everything that is given; a plan is what is chosen. */
export interface Problem {
  readonly model: ModelSpec;
  readonly cluster: Cluster;
  readonly workload: Workload;
  readonly stack: Stack;
  /** Measured layers that stand in for the analytic ones where they reach. */
  readonly layerProfile?: LayerProfile;
  /** What the user's own runs say of the estimates: already in the cluster and the stack above. */
  readonly calibration?: AppliedCalibration;
  /** Overrides of the fitted constants, by name: for fitting and sensitivity only. */
  readonly coefficients?: Readonly<Record<string, number>>;
}
