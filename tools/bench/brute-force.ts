import type { Cluster } from '../../src/domain/cluster.ts';
import { total } from '../../src/domain/estimate.ts';
import type { Pipeline, Plan, ReplicaBlock, Stage } from '../../src/domain/plan.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { profileCache } from '../../src/evaluate/stage-profile.ts';
import { planLaw } from '../../src/laws/plan.ts';

/** GPUs of a pipeline's stage: copies × tp of a node group, on micro-batches of `fold` times the usual sequences. */
interface Place {
  readonly group: number;
  readonly tp: number;
  readonly fold: number;
}

/** Copies of a pipeline: stages in order with their layers; micro-batches a second at most, GPUs of each group. */
interface Chain {
  readonly dp: number;
  readonly places: readonly Place[];
  readonly layers: readonly number[];
  readonly rate: number;
  readonly use: readonly number[];
}

export interface BruteForce {
  /** Step of the fastest plan found that is faster than what was known; null: none is. */
  readonly seconds: number | null;
  readonly plan: Plan | null;
  /** Plans costed; all others cannot be faster. */
  readonly costed: number;
}

/**
 * Looks for a plan that is faster than `known` seconds, with none of the search's own code: any chain of stages over any GPUs,
 * each stage with its own group, tensor parallelism and number of copies; any layers on each; up to so many such
 * pipelines side by side with any shares of the batch. What is left out takes longer by what the evaluator says that its
 * stages compute alone.
 */
export function bruteForce(problem: Problem, known: number, pipelines: number): BruteForce {
  const cache = profileCache();
  let best: Plan | null = null;
  let least = known;
  let costed = 0;
  const consider = (plan: Plan) => {
    if (planLaw(problem, plan) !== null) return;
    costed += 1;
    const { stepSeconds, verdict } = estimate(problem, plan, cache);
    if (verdict !== 'does-not-fit' && stepSeconds < least) [least, best] = [stepSeconds, plan];
  };
  for (const size of MICRO_BATCHES) {
    const batch = problem.workload.globalBatchSize / size;
    if (!Number.isInteger(batch)) continue;
    const chains = chainsOf(problem, size);
    for (const several of bundlesOf(problem, chains, pipelines, () => batch / least))
      for (const counts of shares(several, batch, least))
        for (const zero of [0, 1])
          for (const plan of plansOf(problem, several, counts, { size, zero })) consider(plan);
  }
  return { seconds: best === null ? null : least, plan: best, costed };
}

const MICRO_BATCHES = [1, 2, 4, 8];
const FOLDS = [1, 2, 4];
/** Bounds are taken this much lower, for rounding. */
const SLACK = 0.999;

const sizesOf = ({ groups }: Cluster) => groups.map(({ nodes, gpusPerNode }) => nodes * gpusPerNode);

/** Seconds that a stage computes for one of the pipeline's micro-batches, all its copies together taken as one. */
function pacesOf(
  problem: Problem,
  size: number,
): (place: Place, layers: number, first: boolean, last: boolean) => number {
  const known = new Map<string, readonly number[]>();
  const ends = (group: number, tp: number, fold: number): readonly number[] => {
    const key = `${group}/${tp}/${fold}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    // Three stages on as many GPUs of this kind as they want, a layer each but for the first.
    const one = problem.cluster.groups[group]!;
    const alone = { ...one, index: 0, firstDevice: 0, nodes: 4 * tp, shared: undefined };
    const { shared: _, ...plain } = alone;
    const cluster = { ...problem.cluster, groups: [plain], links: [] };
    const layers = [problem.model.layers.length - 2, 1, 1];
    const places = layers.map(() => ({ group: 0, tp, fold: 1 }));
    const here = { ...problem, cluster, workload: { ...problem.workload, globalBatchSize: size * fold } };
    const [plan] = plansOf(here, [{ dp: 1, places, layers, rate: 0, use: [] }], [1], {
      size: size * fold,
      zero: 0,
    });
    const seconds = estimate(here, plan!).stages.map(({ compute }) => total(compute));
    const layer = seconds[1]!;
    const found = [layer, seconds[0]! - layers[0]! * layer, seconds[2]! - layer];
    known.set(key, found);
    return found;
  };
  return ({ group, tp, fold }, layers, first, last) => {
    const [layer, embedding, head] = ends(group, tp, fold);
    return (layers * layer! + (first ? embedding! : 0) + (last ? head! : 0)) / fold;
  };
}

function chainsOf(problem: Problem, size: number): Chain[] {
  const { cluster, model } = problem;
  const room = sizesOf(cluster);
  const pace = pacesOf(problem, size);
  const all: Chain[] = [];
  for (let dp = 1; dp <= Math.max(...room); dp++)
    for (const places of placesOf(cluster, dp, room, model.layers.length)) {
      if (Math.min(...places.map(({ fold }) => fold)) > 1) continue;
      const use = room.map((_, group) =>
        places.reduce((sum, one) => sum + (one.group === group ? (one.tp * dp) / one.fold : 0), 0),
      );
      for (const layers of compositions(model.layers.length, places.length)) {
        const slowest = Math.max(
          ...places.map((one, s) => pace(one, layers[s]!, s === 0, s === places.length - 1)),
        );
        // A stage with fewer copies takes as many micro-batches less, of as many times the sequences.
        all.push({ dp, places, layers, use, rate: dp / slowest });
      }
    }
  return all;
}

function* placesOf(
  cluster: Cluster,
  dp: number,
  room: readonly number[],
  depth: number,
  before: readonly Place[] = [],
): Iterable<readonly Place[]> {
  if (depth === 0) return;
  const last = before.at(-1);
  for (const [group, { gpusPerNode }] of cluster.groups.entries()) {
    // A group that was left is not returned to.
    if (last !== undefined && last.group !== group && before.some((one) => one.group === group)) continue;
    for (let tp = 1; tp <= gpusPerNode; tp *= 2)
      for (const fold of FOLDS) {
        const gpus = (tp * dp) / fold;
        if (dp % fold !== 0 || gpus > room[group]!) continue;
        const places = [...before, { group, tp, fold }];
        yield places;
        yield* placesOf(cluster, dp, room.with(group, room[group]! - gpus), depth - 1, places);
      }
  }
}

function compositions(layers: number, parts: number): number[][] {
  if (parts === 1) return [[layers]];
  return Array.from({ length: layers - parts + 1 }, (_, i) => i + 1).flatMap((first) =>
    compositions(layers - first, parts - 1).map((rest) => [first, ...rest]),
  );
}

/** Pipelines side by side on no more GPUs than there are, fast enough together. */
function* bundlesOf(
  { cluster }: Problem,
  chains: readonly Chain[],
  limit: number,
  enough: () => number,
): Iterable<Chain[]> {
  const room = sizesOf(cluster);
  const byUse = new Map<string, Chain[]>();
  for (const one of chains) byUse.set(one.use.join(), [...(byUse.get(one.use.join()) ?? []), one]);
  const lists = [...byUse.values()].map((list) => list.sort((a, b) => b.rate - a.rate));
  const most = new Map<string, number>();
  /** Micro-batches a second that no pipelines on so many GPUs exceed. */
  const mostOn = (left: readonly number[], pipelines: number): number => {
    if (pipelines === 0) return 0;
    const key = `${left.join()}/${pipelines}`;
    const before = most.get(key);
    if (before !== undefined) return before;
    let rate = 0;
    for (const [first] of lists) {
      const rest = without(left, first!.use);
      if (rest !== null) rate = Math.max(rate, first!.rate + mostOn(rest, pipelines - 1));
    }
    most.set(key, rate);
    return rate;
  };
  const descend = function* (
    from: number,
    left: readonly number[],
    chosen: readonly Chain[],
    rate: number,
  ): Iterable<Chain[]> {
    if (chosen.length === limit) return;
    for (let i = from; i < lists.length; i++) {
      const rest = without(left, lists[i]![0]!.use);
      if (rest === null) continue;
      const more = mostOn(rest, limit - chosen.length - 1);
      for (const chain of lists[i]!) {
        const all = rate + chain.rate;
        if (all + more < SLACK * enough()) break;
        // Pipelines of one make-up are copies of one: on which of a node's GPUs each stands is not asked here.
        if (chosen.some((one) => makeUp(one) === makeUp(chain))) continue;
        const now = [...chosen, chain];
        if (all >= SLACK * enough()) yield now;
        yield* descend(i, rest, now, all);
      }
    }
  };
  yield* descend(0, room, [], 0);
}

function makeUp({ places, layers }: Chain): string {
  return JSON.stringify([places, layers]);
}

function without(left: readonly number[], use: readonly number[]): number[] | null {
  const rest = left.map((n, i) => n - use[i]!);
  return rest.every((n) => n >= 0) ? rest : null;
}

/** Micro-batches of each copy of each pipeline, all ways that may be fast enough; copies of one that stands alone may differ by one. */
function* shares(several: readonly Chain[], batch: number, least: number): Iterable<number[]> {
  const [first, ...rest] = several as [Chain, ...Chain[]];
  const most = (least / SLACK / first.dp) * first.rate;
  if (rest.length === 0) {
    const count = batch / first.dp;
    if (Number.isInteger(count) && count <= most) yield [count];
    return;
  }
  for (let count = 1; count <= most && first.dp * count < batch; count++)
    for (const others of shares(rest, batch - first.dp * count, least)) yield [count, ...others];
}

/** The pipelines as a plan; and with those of one cut as one. */
function plansOf(
  { cluster }: Problem,
  several: readonly Chain[],
  counts: readonly number[],
  { size, zero }: { readonly size: number; readonly zero: number },
): Plan[] {
  const next = cluster.groups.map(({ firstDevice }) => firstDevice);
  const pipelines = several.map(({ dp, places, layers }, i): Pipeline => {
    let first = 0;
    const stages = places.map(({ group, tp, fold }, s): Stage => {
      const block = { count: dp / fold, group, firstDevice: next[group]!, tp, microBatches: counts[i]! };
      next[group]! += (tp * dp) / fold;
      const range = { first, end: first + layers[s]! };
      first = range.end;
      return { chunks: [range], microBatchSize: size * fold, replicas: [block] };
    });
    return { stages, microBatches: (counts[i]! * dp) / places[0]!.fold };
  });
  const sp = several.some(({ places }) => places.some(({ tp }) => tp > 1));
  const plan = (of: readonly Pipeline[]): Plan => ({
    pipelines: of,
    dims: { cp: 1, ep: 1, etp: 1, vpp: 1, dpReplicate: 1 },
    schedule: '1f1b',
    techniques: { zero, sp },
    nodeOrder: null,
  });
  const cut = ({ stages }: Pipeline) => JSON.stringify(stages.map((one) => [one.chunks, one.microBatchSize]));
  const alike = pipelines.length > 1 && new Set(pipelines.map(cut)).size === 1;
  if (!alike) return [plan(pipelines)];
  const stages = pipelines[0]!.stages.map((stage, s): Stage => {
    const replicas = pipelines.map((one): ReplicaBlock => one.stages[s]!.replicas[0]!);
    return { ...stage, replicas };
  });
  return [
    plan(pipelines),
    plan([{ stages, microBatches: pipelines.reduce((sum, one) => sum + one.microBatches, 0) }]),
  ];
}
