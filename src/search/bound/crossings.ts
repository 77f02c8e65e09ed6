import type { Cluster } from '../../domain/cluster.ts';
import type { Problem } from '../../domain/problem.ts';
import { flowOf } from '../../evaluate/memory/stage-memory.ts';
import type { StageSeconds } from '../../evaluate/stage-costs.ts';
import { type Coefficients, coefficients } from '../../hardware/coefficients.ts';
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

/** Of a stage of a run: seconds of a micro-batch that its transfers take at least. */
export type Passing = (run: number, stage: number) => number;

/**
 * The same of all transfers of a stage of a run, at least: those inside a run are no shorter than between the nearest of its stages,
 * and while a pipeline of so many micro-batches fills, all copies send at once.
 */
export function leastPassing(
  problem: Problem,
  layout: Layout,
  costs: readonly StageSeconds[],
  { vpp, microBatches }: { readonly vpp: number; readonly microBatches: number },
): Passing {
  const filling = Math.min(1, layout.pp / microBatches);
  const busy = ({ seconds, occupied }: Transfer, run: number) =>
    (seconds + filling * Math.max(0, occupied - seconds)) * costs[run]!.exposedShare * vpp;
  const between = transfers(problem, layout, costs).map(busy);
  const inside = transfersInside(problem, layout, costs).map((ways, run) =>
    ways.length === 0 ? 0 : Math.min(...ways.map((one) => busy(one, run))),
  );
  return (run, stage) =>
    (stage === 0 ? (between[run - 1] ?? 0) : inside[run]!) +
    (stage === layout.runs[run]!.stages - 1 ? (between[run] ?? 0) : inside[run]!);
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

/** Of one copy's transfer: its seconds, those for which the copies together take the way, and its length. */
interface Transfer {
  readonly seconds: number;
  readonly occupied: number;
  readonly latency: number;
}

function transferOver({ alone, together }: Boundary, bytes: number, c: Coefficients): Transfer {
  const secondsOf = (span: Span) => pointToPointSeconds(span, bytes, c) - span.extraLatency;
  return { seconds: secondsOf(alone), occupied: secondsOf(together), latency: alone.extraLatency };
}

/** By run, the unlike ones between two of its stages. */
function transfersInside(problem: Problem, layout: Layout, costs: readonly StageSeconds[]): Transfer[][] {
  const { runs, cp, dp } = layout;
  const c = coefficients(problem.coefficients);
  const known = rememberedOf(insides, runs, () => new Map<string, readonly (readonly Boundary[])[]>());
  const spans = remembered(known, `${cp}x${dp}`, () => spansInside(problem, { runs, cp, dp }));
  return spans.map((ways, run) => ways.map((one) => transferOver(one, costs[run]!.boundaryBytes, c)));
}

/** Over each crossing. */
function transfers(
  problem: Problem,
  { runs, cp, dp }: Pick<Layout, 'runs' | 'cp' | 'dp'>,
  costs: readonly StageSeconds[],
  times = 1,
): readonly Transfer[] {
  if (runs.length === 1) return NONE;
  const c = coefficients(problem.coefficients);
  const known = rememberedOf(ways, runs, () => new Map<string, readonly Boundary[]>());
  const spans = remembered(known, `${cp}x${dp}`, () => spansBetween(problem, { runs, cp, dp }));
  // Where micro-batches or ranks differ one side's transfer is several of the other's.
  const bytes = (i: number) => times * Math.max(costs[i]!.boundaryBytes, costs[i + 1]!.boundaryBytes);
  return spans.map((one, i) => transferOver(one, bytes(i), c));
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

const insides = new WeakMap<Layout['runs'], Map<string, readonly (readonly Boundary[])[]>>();

/** By run, the ways between its stages that are unlike: from any place in a fast domain. */
function spansInside(problem: Problem, { runs, cp, dp }: Pick<Layout, 'runs' | 'cp' | 'dp'>): Boundary[][] {
  const { cluster } = problem;
  const overSockets = layoutOverSockets(problem, runs);
  return runs.map((run) => {
    const { firstDevice, fastDomainGpus } = cluster.groups[run.group]!;
    const width = devicesOfStage({ cp, dp }, run);
    const unlike = Math.min(run.stages - 1, 1 + Math.ceil(fastDomainGpus / width));
    return Array.from({ length: unlike }, (_, i) => {
      const device = firstDevice + i * width;
      const pair = (senders: number) => pairOf(cluster, device, device + width, senders, overSockets);
      return { alone: pair(run.tp * cp), together: pair(width) };
    });
  });
}

/** Whether some stages of a pipeline are joined by sockets only, so that all of it takes them. */
export function layoutOverSockets({ cluster }: Problem, runs: Layout['runs']): boolean {
  const groups = new Set(runs.map(({ group }) => group));
  return groups.size > 1 && transportOf(cluster, [...groups]) === 'socket';
}
