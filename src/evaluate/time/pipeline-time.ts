import type { Pipeline, Plan, ReplicaBlock } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { pointToPointSeconds } from '../../hardware/collective.ts';
import type { Span } from '../../hardware/span.ts';
import { pipelineOverSockets, stageBoundary } from '../../hardware/stage-boundary.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { lineOf } from '../../schedules/lined-up.ts';
import { type ChunkPlace, chunkPlaces, modelsIn, type Schedule } from '../../schedules/schedule.ts';
import { type PassCosts, type Simulation, simulate } from '../../schedules/simulate.ts';
import { dispatchOf } from '../../techniques/index.ts';
import { shapeOf } from '../memory/stage-memory.ts';
import { exposedShare, gatherSeconds, sharedSeconds, timesLeast } from './boundary.ts';
import { dealtTime } from './dealt-time.ts';
import { type BlockRun, copiesIn, type StageRun } from './stage-run.ts';

/**
 * One pipeline's step on the clock: what the event simulator says of its schedule. Seconds. That a transfer between stages is waited for
 * about m/p times under 1F1B (the hidden critical path of Pipette, arXiv 2405.18093) comes out of the order, and is no term.
 */
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
  pipeline: Pipeline,
  runs: readonly StageRun[],
): PipelineTime {
  const stages = runs.length;
  const { microBatches } = runs[0]!;
  if (isAlone(pipeline)) {
    const time = alone(runs[0]!, microBatches);
    const dispatch = dispatchOf(plan.techniques);
    if (dispatch === null) return time;
    const { profile } = runs[0]!.blocks[0]!;
    const { makespan, exposed } = dealtTime(profile, microBatches, time.makespanSeconds, dispatch);
    return { ...time, makespanSeconds: makespan, finishSeconds: [makespan], transferSeconds: [exposed] };
  }
  const { schedule, models, costs, pad } = laidOut(problem, plan, pipeline, runs);
  const play = (m: number): Simulation => simulate(lineOf(schedule, shapeOf(plan, stages, m)), costs);
  const transferSeconds = runs.map(
    (run, s) =>
      run.forward.reduce((sum, _, chunk) => sum + pad('forward', s, chunk) + pad('backward', s, chunk), 0) *
      (microBatches / models),
  );
  const all = (m: number) => played(play, m, stages, plan.dims.vpp);
  if (schedule.flows !== true) return { ...all(microBatches), transferSeconds };
  // Fill and drain are paid once in a run, not once a step.
  return { ...between(all(microBatches), all(2 * microBatches)), transferSeconds };
}

/** One stage of one chunk: there is no order to play. */
export function isAlone({ stages }: Pipeline): boolean {
  return stages.length === 1 && stages[0]!.chunks.length === 1;
}

/** What the simulator is given of a pipeline. */
interface LaidOut {
  readonly schedule: Schedule;
  readonly places: readonly ChunkPlace[];
  readonly models: number;
  readonly costs: PassCosts;
  /** Seconds of a chunk's pass that are transfers in the open. */
  readonly pad: (pass: 'forward' | 'backward', stage: number, chunk: number) => number;
}

export function laidOut(
  problem: Problem,
  plan: Plan,
  pipeline: Pipeline,
  runs: readonly StageRun[],
): LaidOut {
  const stages = runs.length;
  const schedule = scheduleOf(plan.schedule);
  const places = chunkPlaces(schedule, { stages, virtualStages: plan.dims.vpp });
  const models = modelsIn(schedule);
  const boundaries = boundaryTransfers(problem, plan, pipeline, runs, places);
  const globalChunk: number[][] = runs.map(() => []);
  for (const [g, { stage, chunk }] of places.entries()) globalChunk[stage]![chunk] = g;
  /** What a chunk's pass receives over one of its boundaries and sends over the other. */
  const pad = (pass: 'forward' | 'backward', stage: number, chunk: number) => {
    const g = globalChunk[stage]![chunk]!;
    const [before, after] = [boundaries[g - 1], boundaries[g]];
    return pass === 'forward'
      ? (before?.gathered.after ?? 0) + (after?.exposed ?? 0)
      : (after?.gathered.before ?? 0) + (before?.exposed ?? 0);
  };
  const costs = {
    forward: runs.map((run, s) => run.forward.map((t, chunk) => t + pad('forward', s, chunk))),
    backward: runs.map((run, s) =>
      run.backward.map(
        (t, chunk) => t - (schedule.splitsBackward ? run.weightGrad[chunk]! : 0) + pad('backward', s, chunk),
      ),
    ),
    weightGrad: runs.map((run) => run.weightGrad),
    transfer: boundaries.map((b) => b.delay),
    occupied: boundaries.map((b) => b.occupied),
  };
  return { schedule, places, models, costs, pad };
}

/** What `m` micro-batches take: played out, or extrapolated where the order has a period. */
function played(play: (m: number) => Simulation, m: number, stages: number, chunks: number): Simulation {
  const few = EXACT_PERIODS * stages * chunks;
  // An interleaved schedule whose micro-batches do not fill whole rounds has no steady period.
  const periodic = m % stages === 0 || chunks === 1;
  const rest = m % stages;
  if (!periodic || m <= few + rest + 2 * stages) return play(m);
  return extrapolate(play(few + rest), play(few + rest + stages), (m - few - rest) / stages);
}

/** What the second half of a longer run adds, its stages working side by side. */
function between(half: Simulation, whole: Simulation): Simulation {
  const seconds = whole.makespanSeconds - half.makespanSeconds;
  return {
    makespanSeconds: seconds,
    busySeconds: half.busySeconds,
    finishSeconds: half.finishSeconds.map(() => seconds),
  };
}

/** In the steady state every further p micro-batches cost the same. */
function extrapolate(a: Simulation, b: Simulation, steps: number): Simulation {
  const grow = (x: number, y: number) => x + (y - x) * steps;
  const each = (x: readonly number[], y: readonly number[]) => x.map((value, i) => grow(value, y[i]!));
  return {
    makespanSeconds: grow(a.makespanSeconds, b.makespanSeconds),
    busySeconds: each(a.busySeconds, b.busySeconds),
    finishSeconds: each(a.finishSeconds, b.finishSeconds),
  };
}

function alone(run: StageRun, microBatches: number): PipelineTime {
  const all = (run.forward[0]! + run.backward[0]!) * microBatches;
  return { makespanSeconds: all, busySeconds: [all], finishSeconds: [all], transferSeconds: [0] };
}

const NO_TRANSFER = { exposed: 0, delay: 0, occupied: 0, gathered: { before: 0, after: 0 } };

function sum(seconds: readonly number[]): number {
  return seconds.reduce((a, b) => a + b, 0);
}

function mostOf(blocks: readonly BlockRun[], of: (one: BlockRun) => number): number {
  return blocks.reduce((most, one) => Math.max(most, of(one)), 0);
}

/** Which unlike copies of a stage pass to which of the next, in their order: the slowest pair sets the pace. */
function passingTo(blocks: readonly BlockRun[], next: readonly BlockRun[]): [number, number][] {
  const pairs: [number, number][] = [];
  const shares = [blocks, next].map((side) => {
    const all = side.reduce((sum, { block }) => sum + block.count, 0);
    return side.map(({ block }) => block.count / all);
  });
  const [sent, received] = shares as [number[], number[]];
  let [i, j, here, there] = [0, 0, sent[0]!, received[0]!];
  for (;;) {
    pairs.push([i, j]);
    const step = Math.min(here, there);
    [here, there] = [here - step, there - step];
    if (here <= ROUNDING) here = sent[++i] ?? 0;
    if (there <= ROUNDING) there = received[++j] ?? 0;
    if (i >= sent.length || j >= received.length) return pairs;
  }
}

const FIRST: [number, number][] = [[0, 0]];
const ROUNDING = 1e-9;

/** The copies of a stage, those of one block first. */
function startingWith(blocks: readonly BlockRun[], first: number): ReplicaBlock[] {
  const copies = copiesIn(blocks);
  return first === 0 ? copies : [copies[first]!, ...copies.filter((_, i) => i !== first)];
}

/**
 * Each boundary's transfer: the share that blocks the sender's own time line, the delay that the rest adds, how long the
 * cards are taken by it and those of the other copies, and what the receivers on both sides do with it.
 */
function boundaryTransfers(
  { cluster }: Problem,
  { dims }: Plan,
  pipeline: Pipeline,
  runs: readonly StageRun[],
  places: readonly ChunkPlace[],
) {
  const overSockets = pipelineOverSockets(cluster, pipeline);
  // All copies begin a step at once: what fills the pipeline meets on the cards.
  const filling = Math.min(1, runs.length / runs[0]!.microBatches);
  const cycle = Math.max(...runs.map(({ forward, backward }) => sum(forward) + sum(backward)));
  return places.slice(1).map((to, g) => {
    const from = places[g]!;
    if (from.stage === to.stage) return NO_TRANSFER;
    const [{ blocks }, { blocks: next }] = [runs[from.stage]!, runs[to.stage]!];
    const { end } = pipeline.stages[from.stage]!.chunks[from.chunk]!;
    let [alone, all, latency] = [0, 0, 0];
    // Where links were measured, those of all copies are looked at together.
    const pairs = cluster.measured === undefined ? passingTo(blocks, next) : FIRST;
    for (const [i, j] of pairs) {
      const [{ profile }, peer] = [blocks[i]!, next[j]!];
      const copies = [startingWith(blocks, i), startingWith(next, j)] as const;
      const ways = stageBoundary(cluster, ...copies, dims.cp, overSockets);
      // Where micro-batches differ in size one side's is several of the other's.
      const bytes = timesLeast(profile, end) * Math.max(profile.boundaryBytes, peer.profile.boundaryBytes);
      // The way between sites delays; it keeps neither the sender nor the cards busy.
      const secondsOf = (span: Span) =>
        pointToPointSeconds(span, bytes, profile.context.c) - span.extraLatency;
      all = Math.max(all, secondsOf(ways.together));
      alone = Math.max(alone, secondsOf(ways.alone));
      latency = Math.max(latency, ways.together.extraLatency);
    }
    const apart = sharedSeconds(alone, all, cycle / dims.vpp);
    const seconds = apart + filling * (all - apart);
    const exposed = seconds * exposedShare(blocks[0]!.profile);
    const received = ({ profile }: BlockRun) => gatherSeconds(profile) + profile.boundary.decodeSeconds;
    const coded = mostOf([...blocks, ...next], ({ profile }) => profile.boundary.encodeSeconds);
    return {
      exposed: exposed + coded,
      delay: seconds - exposed + latency,
      occupied: all,
      gathered: { before: mostOf(blocks, received), after: mostOf(next, received) },
    };
  });
}
