import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { pointToPointSeconds } from '../hardware/collective.ts';
import { stageBoundary } from '../hardware/stage-boundary.ts';
import { scheduleOf } from '../schedules/index.ts';
import { type ChunkPlace, simulate } from '../schedules/simulate.ts';
import { exposedShare } from './boundary.ts';
import type { StageRun } from './stage-run.ts';
import { vocabularyInFlight } from './vocabulary-parallel.ts';

/** One pipeline's step on the clock: what the event simulator says of its schedule. Seconds. */
export interface PipelineTime {
  readonly makespanSeconds: number;
  /** Compute and exposed transfers of each stage. */
  readonly busySeconds: readonly number[];
  readonly finishSeconds: readonly number[];
  /** Exposed transfers alone. */
  readonly transferSeconds: readonly number[];
}

/** Micro-batches simulated one by one; beyond it the steady state repeats and is extrapolated. */
const EXACT_PERIODS = 6;

export function pipelineTime(
  problem: Problem,
  plan: Plan,
  index: number,
  runs: readonly StageRun[],
): PipelineTime {
  const pipeline = plan.pipelines[index]!;
  const stages = runs.length;
  const microBatches = runs[0]!.microBatches;
  if (stages === 1 && pipeline.stages[0]!.chunks.length === 1) return alone(runs[0]!, microBatches);
  const schedule = scheduleOf(plan.schedule.id);
  if (schedule === undefined) throw new RangeError(`no schedule ${plan.schedule.id}`);
  const places = placesOf(plan, index);
  const boundaries = boundaryTransfers(problem, plan, index, runs, places);
  const pad = (pass: 'before' | 'after', stage: number, chunk: number) => {
    const g = places.findIndex((place) => place.stage === stage && place.chunk === chunk);
    return pass === 'before' ? (boundaries[g - 1]?.exposed ?? 0) : (boundaries[g]?.exposed ?? 0);
  };
  const costs = {
    forward: runs.map((run, s) => run.forward.map((t, chunk) => t + pad('after', s, chunk))),
    backward: runs.map((run, s) =>
      run.backward.map(
        (t, chunk) => t - (schedule.splitsBackward ? run.weightGrad[chunk]! : 0) + pad('before', s, chunk),
      ),
    ),
    weightGrad: runs.map((run) => run.weightGrad),
    transfer: boundaries.map((b) => b.delay),
  };
  const virtualStages = plan.schedule.virtualStages;
  const play = (m: number) => {
    const runAhead = vocabularyInFlight(plan, stages);
    const shape = { stages, microBatches: m, virtualStages, runAhead };
    return simulate(schedule.order(shape), places, m, costs);
  };
  const transferSeconds = runs.map(
    (run, s) =>
      run.forward.reduce((sum, _, chunk) => sum + pad('after', s, chunk) + pad('before', s, chunk), 0) *
      microBatches,
  );
  const period = stages * Math.max(1, virtualStages);
  const few = EXACT_PERIODS * period;
  // An interleaved schedule whose micro-batches do not fill whole rounds has no steady period.
  const periodic = microBatches % stages === 0 || virtualStages === 1;
  const rest = microBatches % stages;
  if (!periodic || microBatches <= few + rest + 2 * stages) {
    const whole = play(microBatches);
    return { ...whole, transferSeconds };
  }
  return {
    ...extrapolate(play(few + rest), play(few + rest + stages), (microBatches - few - rest) / stages),
    transferSeconds,
  };
}

/** In the steady state every further p micro-batches cost the same. */
function extrapolate(
  a: Omit<PipelineTime, 'transferSeconds'>,
  b: Omit<PipelineTime, 'transferSeconds'>,
  steps: number,
) {
  const grow = (x: number, y: number) => x + (y - x) * steps;
  const each = (x: readonly number[], y: readonly number[]) => x.map((value, i) => grow(value, y[i]!));
  return {
    makespanSeconds: grow(a.makespanSeconds, b.makespanSeconds),
    busySeconds: each(a.busySeconds, b.busySeconds),
    finishSeconds: each(a.finishSeconds, b.finishSeconds),
  };
}

function alone(run: StageRun, microBatches: number): PipelineTime {
  const once = run.forward[0]! + run.backward[0]!;
  const all = once * microBatches;
  return {
    makespanSeconds: all,
    busySeconds: [all],
    finishSeconds: [all],
    transferSeconds: [0],
  };
}

/** Global chunks in layer order: which stage holds each, as its which own chunk. */
function placesOf(plan: Plan, index: number): ChunkPlace[] {
  const all = plan.pipelines[index]!.stages.flatMap((stage, s) =>
    stage.chunks.map((range, chunk) => ({ first: range.first, end: range.end, stage: s, chunk })),
  );
  all.sort((a, b) => a.first - b.first || a.end - b.end || a.chunk - b.chunk || a.stage - b.stage);
  return all.map(({ stage, chunk }) => ({ stage, chunk }));
}

/** Each boundary's transfer: the share that blocks the sender's own time line, and the delay that the rest adds. */
function boundaryTransfers(
  problem: Problem,
  plan: Plan,
  index: number,
  runs: readonly StageRun[],
  places: readonly ChunkPlace[],
) {
  const pipeline = plan.pipelines[index]!;
  return places.slice(1).map((to, g) => {
    const from = places[g]!;
    if (from.stage === to.stage) return { exposed: 0, delay: 0 };
    const { profile, block } = runs[from.stage]!.blocks[0]!;
    const peer = pipeline.stages[to.stage]!.replicas[0]!;
    const span = stageBoundary(problem.cluster, block, peer, plan.contextParallel);
    const seconds = pointToPointSeconds(span, profile.boundaryBytes, profile.context.c);
    // The way between sites delays; it does not keep the sender busy.
    const exposed = (seconds - span.extraLatency) * exposedShare(profile);
    return { exposed, delay: Math.max(0, seconds - exposed) };
  });
}
