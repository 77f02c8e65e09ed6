import { appliedInPart, calibratedInPart } from './calibrated-in-part.ts';
import type { AppliedCalibration, Calibration, CalibrationFactors } from './calibration.ts';
import type { Cluster } from './cluster.ts';
import { withInsideAt } from './faster-link.ts';
import type { Problem } from './problem.ts';
import { withNetworkAt } from './slower-network.ts';
import type { Stack } from './stack.ts';
import { withMemory } from './with-memory.ts';

/**
 * The problem with its cluster and its stack as a calibration has them: whatever estimates or bounds a plan reads the same figures. Where the
 * calibration is of other GPUs or of another stack, the problem as it is, told so.
 */
export function calibrated(problem: Problem, calibration: Calibration): Problem {
  const applied = appliedTo(problem, calibration);
  const corrected =
    applied.left.length === 0 ? withFactors(problem, applied.factors) : calibratedInPart(problem, applied);
  return { ...corrected, calibration: applied };
}

/** The same with any factors, and nothing told. */
export function withFactors(problem: Problem, factors: CalibrationFactors): Problem {
  const { cluster, stack } = problem;
  return { ...problem, cluster: clusterWith(cluster, factors), stack: stackWith(stack, factors) };
}

function appliedTo({ cluster, stack }: Problem, calibration: Calibration): AppliedCalibration {
  const unfit = unfitFor(cluster, stack, calibration);
  if (unfit !== null) return { calibration, unfit, factors: {}, left: [] };
  const left = cluster.groups.flatMap(({ gpu }) => (calibration.gpus.includes(gpu.id) ? [] : [gpu.id]));
  if (left.length > 0) return appliedInPart(cluster, calibration, [...new Set(left)]);
  const { network, intraNode, ...others } = calibration.factors;
  const all = (known: readonly string[], ids: readonly string[]) => ids.every((id) => known.includes(id));
  const networks = cluster.groups.map(({ nic }) => nic.link.id);
  const insides = cluster.groups.map((group) => group.intraNode.id);
  return {
    calibration,
    unfit: null,
    left: [],
    factors: {
      ...others,
      ...(network === undefined || !all(calibration.networks, networks) ? {} : { network }),
      ...(intraNode === undefined || !all(calibration.intraNodes, insides) ? {} : { intraNode }),
    },
  };
}

function unfitFor(cluster: Cluster, stack: Stack, calibration: Calibration): string | null {
  if (stack.id !== calibration.stack) return `it is of the stack ${calibration.stack}, this is ${stack.id}`;
  const ids = [...new Set(cluster.groups.map(({ gpu }) => gpu.id))];
  return ids.some((id) => calibration.gpus.includes(id))
    ? null
    : `it is of ${calibration.gpus.join(', ')}, this has ${ids.join(', ')}`;
}

function clusterWith(cluster: Cluster, { network, intraNode }: CalibrationFactors): Cluster {
  const between = network === undefined ? cluster : withNetworkAt(network, cluster);
  if (intraNode === undefined) return between;
  return between.groups.reduce((all, _, index) => withInsideAt(intraNode, all, index), between);
}

function stackWith(stack: Stack, { time, memory }: CalibrationFactors): Stack {
  const { timeMultiplier } = stack;
  return withMemory(
    time === undefined
      ? stack
      : { ...stack, timeMultiplier: { ...timeMultiplier, value: timeMultiplier.value * time } },
    memory,
  );
}
