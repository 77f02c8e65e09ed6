import type { RunKind } from '../domain/calibration.ts';
import { isNarrow } from '../domain/dtype.ts';
import { devicesOf, groupsOf, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { isMoe, weakTimes } from '../layers/layer.ts';
import { provenanceOf } from './confidence.ts';
import { layerProvenance, scalingWidth } from './measured/told.ts';

/**
 * What four of five runs of a source left out while fitting stay within by kind of run, beside the widths below, each source counted alike
 * (`npm run accuracy`, docs/accuracy.md).
 */
const RESIDUAL: Readonly<Record<RunKind, number>> = {
  dense: 0.11,
  narrow: 0.175,
  sparse: 0.2,
  // Layers whose kernels nobody publishes all of.
  weak: 0.3,
};

/** GPUs on whose runs no sustained clock was fitted: consumer cards, AMD, all before Ampere. */
const CLOCKS_WIDTH = 0.12;

/** What a plan over several hosts adds whose network nobody measured: cards promise what jobs beside others need not reach. */
const NETWORK_WIDTH = 0.1;

/**
 * What mixtures of experts add on such GPUs where no run of one was ever scored (MI300X): with it the band is what four of five runs on the
 * only GPU of AMD that has some, the MI355X, stay within, each source counted alike (0.274).
 */
const UNSEEN_EXPERTS_WIDTH = 0.12;

/** What figures that were not measured on that hardware add. */
const PROVENANCE_WIDTH = { measured: 0, fitted: 0.02, datasheet: 0.05, assumed: 0.15 } as const;

export function runKind({ model, workload }: Problem): RunKind {
  if (weakTimes(model).length > 0) return 'weak';
  if (isMoe(model)) return 'sparse';
  return isNarrow(workload.precision) ? 'narrow' : 'dense';
}

/**
 * Relative error of a step time, one side, that four of five runs stay within: of that kind of run, the weakest figure it rests on, clocks
 * that no runs tell, a network that nobody measured, the width of its software stack, and how far its layers are from what a profile
 * measured, taken as independent.
 */
export function errorBand(problem: Problem, plan: Plan): number {
  const model = modelBand(problem, plan);
  return problem.calibration === undefined ? model : calibratedBand(problem, plan, model);
}

function modelBand(problem: Problem, plan: Plan): number {
  const measured = (index: number) =>
    layerProvenance(problem, plan, problem.cluster.groups[index]!.gpu.id) !== null;
  const untold = groupsOf(plan)
    .filter((index) => problem.cluster.groups[index]!.gpu.sustainedFit === null && !measured(index))
    .map((index) => problem.cluster.groups[index]!.gpu);
  const unseen = runKind(problem) === 'sparse' && untold.some(({ expertRuns }) => !expertRuns);
  return Math.hypot(
    RESIDUAL[runKind(problem)],
    PROVENANCE_WIDTH[provenanceOf(problem, plan)],
    untold.length === 0 ? 0 : CLOCKS_WIDTH,
    unseen ? UNSEEN_EXPERTS_WIDTH : 0,
    crossesUnmeasured(problem, plan) ? NETWORK_WIDTH : 0,
    problem.stack.timeMultiplier.width,
    scalingWidth(problem, plan),
  );
}

function crossesUnmeasured({ cluster }: Problem, plan: Plan): boolean {
  const used = groupsOf(plan).map((index) => cluster.groups[index]!);
  const within = used.length === 1 && devicesOf(plan) <= used[0]!.fastDomainGpus;
  return !within && cluster.measured === undefined && used.some(({ nic }) => nic.measured === null);
}

/** How far beyond the sizes of a user's own runs their errors are taken to hold. */
const EXTENT = 2;
/** Runs as the model's own band has them that count beside a user's: a few of one sweep are not all that a plan may be. */
const PRIOR = 2;

/**
 * Of plans like a user's own runs, in kind and size: what those erred by while left out of the fit, the closer the more runs there are, and never
 * less. Of others, or where runs are too few to say, the model's own band.
 */
function calibratedBand(problem: Problem, plan: Plan, model: number): number {
  const { unfit, left, calibration } = problem.calibration!;
  const { band, kinds, gpuCounts, runs, networks, intraNodes } = calibration;
  const gpus = devicesOf(plan);
  const alike =
    unfit === null &&
    left.length === 0 &&
    kinds.includes(runKind(problem)) &&
    EXTENT * gpus >= gpuCounts.least &&
    gpus <= EXTENT * gpuCounts.most &&
    groupsOf(plan).every((index) => {
      const { nic, intraNode, gpusPerNode } = problem.cluster.groups[index]!;
      const within = gpus <= gpusPerNode;
      return intraNodes.includes(intraNode.id) && (within || networks.includes(nic.link.id));
    });
  if (!alike || band === null) return model;
  return Math.max(band, Math.sqrt((runs * band ** 2 + PRIOR * model ** 2) / (runs + PRIOR)));
}
