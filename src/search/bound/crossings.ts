import type { Cluster } from '../../domain/cluster.ts';
import type { Problem } from '../../domain/problem.ts';
import { flowOf } from '../../evaluate/memory/stage-memory.ts';
import type { StageSeconds } from '../../evaluate/stage-costs.ts';
import { coefficients } from '../../hardware/coefficients.ts';
import { pointToPointSeconds } from '../../hardware/collective.ts';
import { pairSpan, type Span } from '../../hardware/span.ts';
import type { Boundary } from '../../hardware/stage-boundary.ts';
import { transportOf } from '../../hardware/transport.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import { type Candidate, microBatchesPerReplica, shapeFor } from '../space/candidate.ts';
import type { Choice } from '../space/choices.ts';
import { devicesOfStage, type Layout } from '../space/frame.ts';
import { kindCounts } from './kind-counts.ts';

/**
 * Seconds that the transfer from the last stage of each run to the first of the next keeps one of the two stages busy, for
 * one micro-batch and one way: links between unlike groups are rarely those inside a group. `times`: as many bytes as over the
 * least cut.
 */
export function crossings(
  problem: Problem,
  { runs, cp, dp }: Layout,
  costs: readonly StageSeconds[],
  vpp: number,
  times = 1,
): number[] {
  return transfers(problem, { runs, cp, dp }, costs, times).map(
    ({ seconds }, i) => seconds * costs[i]!.exposedShare * vpp,
  );
}

/** The same for one of the `stages` of a run. */
export function atCrossings(crossing: readonly number[], run: number, stage: number, stages: number): number {
  const before = stage === 0 ? (crossing[run - 1] ?? 0) : 0;
  return before + (stage === stages - 1 ? (crossing[run] ?? 0) : 0);
}

/**
 * No step is shorter than what its ways between unlike groups let through. All copies of a stage send every micro-batch over one
 * way, one after the other in each direction: (M − 1) times what that takes, and one micro-batch there and back through all layers.
 * And a micro-batch is alive in a chunk of a stage from its forward to its backward, of which at most k are alive at a time: M of
 * them take M/k times as long (Little's law). Under 1F1B k is the number of stages from there on, so that a far group's latency is
 * paid over and over (Pipette's hidden critical path). `orders`: of any of these choices.
 */
export function waysBound(
  problem: Problem,
  candidate: Candidate,
  costs: readonly StageSeconds[],
  orders: readonly Choice[],
): number {
  const { layout } = candidate;
  const { runs } = layout;
  if (runs.length === 1) return 0;
  const microBatches = microBatchesPerReplica(problem, candidate);
  const over = transfers(problem, layout, costs);
  const ways = over.map(({ seconds, latency }, i) => 2 * (seconds * (1 - costs[i]!.exposedShare) + latency));
  const fastest = (kind: number) => Math.min(...costs.map(({ secondsPerLayer }) => secondsPerLayer[kind]!));
  const layers = kindCounts(problem).reduce(
    (sum, count, kind) => sum + (count > 0 ? count * fastest(kind) : 0),
    0,
  );
  const head = Math.min(...costs.map(({ headSeconds }) => headSeconds));
  let after = ways.reduce((a, b) => a + b, 0);
  const once = layers + head + after;
  const trips = tripsAt(problem, layout, orders);
  // With one chunk a stage the first has all layers between forward and backward.
  let longest = trips[0]! * (orders.every(({ vpp }) => vpp === 1) ? once : after);
  let stage = -1;
  for (const [i, way] of ways.entries()) {
    stage += runs[i]!.stages;
    longest = Math.max(longest, trips[stage]! * after);
    after -= way;
  }
  const busiest = (microBatches - 1) * Math.max(...over.map(({ occupied }) => occupied));
  // Of a pipeline that never drains the way through all of it is no part of a step.
  return Math.max(orders.some(neverDrains) ? busiest : busiest + once, microBatches * longest);
}

/** Whether the next step enters the pipeline while this one leaves it. */
export function neverDrains({ schedule }: Pick<Choice, 'schedule'>): boolean {
  return scheduleOf(schedule).flows === true;
}

/**
 * By stage, over the most chunks of micro-batches alive: how often a micro-batch, alive in each of a stage's chunks, waits for the
 * stages after it, of v chunks in a row in the first for v times its way, in the last for one; of a fold there and back in the
 * first. The least of any of these choices.
 */
function tripsAt(problem: Problem, layout: Layout, orders: readonly Choice[]): number[] {
  const least = new Array<number>(layout.pp).fill(Number.POSITIVE_INFINITY);
  for (const choice of orders) {
    const { vpp, schedule } = choice;
    const ways = scheduleOf(schedule).chunks === 'fold' ? vpp : (vpp * (vpp + 1)) / 2;
    const candidate = { layout, choice };
    const flow = flowOf(schedule, shapeFor(candidate, microBatchesPerReplica(problem, candidate)));
    for (const [stage, { fronts }] of flow.entries()) {
      const alive = Math.max(...fronts.map((front) => front.reduce((sum, n) => sum + n, 0)));
      least[stage] = Math.min(least[stage]!, ways / alive);
    }
  }
  return least;
}

/** Seconds of one copy's transfer over each crossing, those for which the copies together take the way, and its length. */
function transfers(
  problem: Problem,
  { runs, cp, dp }: Pick<Layout, 'runs' | 'cp' | 'dp'>,
  costs: readonly StageSeconds[],
  times = 1,
): readonly { readonly seconds: number; readonly occupied: number; readonly latency: number }[] {
  if (runs.length === 1) return NONE;
  const c = coefficients(problem.coefficients);
  const known = rememberedOf(ways, runs, () => new Map<string, readonly Boundary[]>());
  const spans = remembered(known, `${cp}x${dp}`, () => spansBetween(problem, { runs, cp, dp }));
  return spans.map(({ alone, together }, i) => {
    // Where micro-batches or ranks differ one side's transfer is several of the other's.
    const boundaryBytes = times * Math.max(costs[i]!.boundaryBytes, costs[i + 1]!.boundaryBytes);
    const secondsOf = (span: Span) => pointToPointSeconds(span, boundaryBytes, c) - span.extraLatency;
    return { seconds: secondsOf(alone), occupied: secondsOf(together), latency: alone.extraLatency };
  });
}

const NONE: readonly never[] = [];

/** Layouts that differ elsewhere cross between the same devices. */
const pairs = new WeakMap<Cluster, Map<string, Span>>();
const MOST_PAIRS = 20_000;

export function pairOf(cluster: Cluster, a: number, b: number, senders: number, overSockets: boolean): Span {
  return remembered(
    rememberedOf(pairs, cluster, () => new Map<string, Span>()),
    `${a}>${b}/${senders}/${overSockets}`,
    () => pairSpan(cluster, a, b, { senders, overSockets }),
    MOST_PAIRS,
  );
}

/** All choices of a layout cross the same ways. */
const ways = new WeakMap<Layout['runs'], Map<string, readonly Boundary[]>>();

function spansBetween(problem: Problem, { runs, cp, dp }: Pick<Layout, 'runs' | 'cp' | 'dp'>): Boundary[] {
  const { cluster } = problem;
  const overSockets = layoutOverSockets(problem, runs);
  return runs.slice(1).map((to, i) => {
    const from = runs[i]!;
    const last =
      cluster.groups[from.group]!.firstDevice + (from.stages - 1) * devicesOfStage({ cp, dp }, from);
    const next = cluster.groups[to.group]!.firstDevice;
    const pair = (senders: number) => pairOf(cluster, last, next, senders, overSockets);
    const all = Math.max(...[from, to].map((run) => devicesOfStage({ cp, dp }, run)));
    return { alone: pair(Math.max(from.tp, to.tp) * cp), together: pair(all) };
  });
}

/** Whether some stages of a pipeline are joined by sockets only, so that all of it takes them. */
export function layoutOverSockets({ cluster }: Problem, runs: Layout['runs']): boolean {
  const groups = new Set(runs.map(({ group }) => group));
  return groups.size > 1 && transportOf(cluster, [...groups]) === 'socket';
}
