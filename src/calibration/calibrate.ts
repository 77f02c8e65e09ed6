import type { Calibration, CalibrationFactors } from '../domain/calibration.ts';
import { InputError } from '../domain/input-error.ts';
import { devicesOf, groupsOf } from '../domain/plan.ts';
import { runKind } from '../evaluate/error-band.ts';
import { formatSeconds } from '../units/format.ts';
import { chosen } from './choose.ts';
import { factorsOf, fitted } from './fit.ts';
import { independent, type TimedRun } from './independent.ts';
import type { MeasuredRun } from './measured-run.ts';
import { type MemoryPair, memoryFit, memoryPair } from './memory.ts';
import { responseOf, secondsWith } from './response.ts';

/** One configuration, before and after. Seconds. */
export interface CalibratedRun {
  readonly run: TimedRun;
  readonly estimated: number;
  readonly calibrated: number;
  /** Estimated with factors that the other runs alone say; null: there are no others. */
  readonly leftOut: number | null;
}

export interface Calibrating {
  readonly calibration: Calibration;
  /** Factors that were not fitted, and why. */
  readonly refused: Readonly<Partial<Record<keyof CalibrationFactors, string>>>;
  readonly runs: readonly CalibratedRun[];
  readonly memory: readonly { readonly name: string; readonly pair: MemoryPair }[];
}

/** An estimate so far from a run is of another run. */
const ANOTHER_RUN = 3;
/** Share of runs that stay within a band. */
const NOMINAL = 0.8;
/** Repeats of one configuration differ by up to 2 % (docs/calibration.md): no band is narrower. */
const LEAST_BAND = 0.02;

/** What a user's runs say of the estimates. Throws InputError where they do not belong together. */
export function calibrate(name: string, all: readonly MeasuredRun[]): Calibrating {
  const stack = oneStack(all);
  const runs = independent(all);
  for (const run of runs) refuseAnother(run);
  const responses = runs.map(responseOf);
  const choice = runs.length === 0 ? null : chosen(responses);
  const links = choice?.links ?? [];
  const timing: CalibrationFactors = choice?.fit ? factorsOf(choice.fit, links) : {};
  const calibratedRuns = runs.map((run, i): CalibratedRun => {
    const others = responses.toSpliced(i, 1);
    const without = choice?.fit
      ? factorsOf(fitted(others.length > 0 ? others : responses, links), links)
      : {};
    return {
      run,
      estimated: secondsWith(run, {}),
      calibrated: secondsWith(run, timing),
      leftOut: others.length === 0 ? null : secondsWith(run, without),
    };
  });
  const memory = all.flatMap((run) => {
    const pair = memoryPair(run);
    return pair === null ? [] : [{ name: run.name, pair }];
  });
  const held = memoryFit(memory.map(({ pair }) => pair));
  const gpuCounts = all.map(({ plan }) => devicesOf(plan));
  const steps = all.map((run) => run.steps);
  const used = all.flatMap(({ problem, plan }) =>
    groupsOf(plan).map((index) => problem.cluster.groups[index]!),
  );
  return {
    calibration: {
      name,
      stack,
      gpus: distinct(used.map(({ gpu }) => gpu.id)),
      networks: distinct(used.filter(({ nodes }) => nodes > 1).map(({ nic }) => nic.link.id)),
      intraNodes: distinct(used.map(({ intraNode }) => intraNode.id)),
      kinds: distinct(runs.map(({ problem }) => runKind(problem))),
      gpuCounts: { least: Math.min(...gpuCounts), most: Math.max(...gpuCounts) },
      runs: runs.length,
      steps: steps.includes(null) ? null : steps.reduce<number>((sum, one) => sum + one!, 0),
      factors: { ...timing, ...(held.factor === null ? {} : { memory: held.factor }) },
      band: bandOf(calibratedRuns),
    },
    refused: {
      ...(choice === null ? { time: 'no run says how long a step took' } : choice.refused),
      ...(held.refused === null ? {} : { memory: held.refused }),
    },
    runs: calibratedRuns,
    memory,
  };
}

function distinct<T extends string>(all: readonly T[]): T[] {
  return [...new Set(all)].sort();
}

function oneStack(runs: readonly MeasuredRun[]): string {
  const ids = distinct(runs.map(({ problem }) => problem.stack.id));
  if (ids.length === 1) return ids[0]!;
  throw new InputError({
    message: ids.length === 0 ? 'no run to learn from' : `runs of the stacks ${ids.join(' and ')}`,
    expected: 'runs of one software stack: a factor is of it',
    ...(ids.length === 0 ? {} : { hint: 'Maybe a calibration of each.' }),
  });
}

function refuseAnother(run: TimedRun): void {
  const estimated = secondsWith(run, {});
  const off = run.seconds / estimated;
  if (off <= ANOTHER_RUN && off >= 1 / ANOTHER_RUN) return;
  throw new InputError({
    message: `${run.name}: ${formatSeconds(run.seconds)} a step, estimated at ${formatSeconds(estimated)}`,
    expected: `within a factor of ${ANOTHER_RUN}`,
    hint: 'Maybe --config, --global-batch, --model or --cluster are of another run.',
  });
}

/**
 * What four of five runs stayed within while left out, and the next one will with that likelihood (split conformal prediction: the
 * ⌈0.8(n + 1)⌉-th smallest of n); null: fewer than four runs say nothing so sure.
 */
function bandOf(runs: readonly CalibratedRun[]): number | null {
  const errors = runs
    .flatMap(({ run, leftOut }) => (leftOut === null ? [] : [Math.abs(leftOut / run.seconds - 1)]))
    .sort((a, b) => a - b);
  const at = Math.ceil(NOMINAL * (errors.length + 1)) - 1;
  return at < errors.length ? Math.max(LEAST_BAND, errors[at]!) : null;
}
