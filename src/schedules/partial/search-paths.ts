import { generator } from '../../units/random.ts';
import { type PathNetwork, playPaths, sentAlong } from './play.ts';

type Path = readonly number[];

interface PathSearch {
  /** Stages that a path visits, the first among them. */
  readonly length: number;
  readonly seed: number;
  /** Changes that are tried. */
  readonly moves: number;
  /** All micro-batches of a node go one way; left out: each its own, where that is faster. */
  readonly alike?: boolean;
}

export interface FoundPaths {
  readonly paths: readonly Path[];
  readonly seconds: number;
}

/** Temperatures as shares of the cost at the start; what is good already is only polished. */
const HOT = 0.05;
const WARM = 0.004;
const COLD = 1e-3;
/** Shares of changes: a path's own order up to the first, two paths up to the second, another node beyond. */
const OWN_ORDER = 0.25;
const EXCHANGE = 0.7;

/** Of the changes, those that look at the way alone; the rest play the step. */
const BY_WAY = 0.8;
const CHEAP = 40;

/**
 * A path for each node of the first stage, by annealing: a node gives way to another of its own or of another stage, two paths
 * exchange nodes, a path visits its own in another order. At first the longest way and the busiest node are what counts, which is quickly
 * worked out; then the played step. Every stage is visited by as many paths as the others, so that all are trained alike, and no path
 * by two nodes of one. null: stages are too few for such paths.
 */
export function searchPaths(
  network: PathNetwork,
  { length, seed, moves, alike: one = false }: PathSearch,
): FoundPaths | null {
  const start = firstPaths(network, length);
  if (start === null) return null;
  const played = (paths: readonly Path[]) => secondsOf(network, paths);
  if (length < 2) return { paths: start, seconds: played(start) };
  const random = generator(seed);
  const byWay = annealed(network, start, (paths) => wayOf(network, paths), random, CHEAP * BY_WAY * moves);
  const alike = annealed(network, byWay, played, random, (1 - BY_WAY) * moves);
  if (one) return { paths: alike, seconds: played(alike) };
  // Micro-batches of one node may also go ways of their own.
  const each = alike.flatMap((path) => Array.from({ length: network.memory }, () => path));
  const own = annealed(network, each, played, random, moves, WARM);
  const [first, second] = [alike, own].map((paths) => ({ paths, seconds: played(paths) }));
  return first!.seconds <= second!.seconds ? first! : second!;
}

/** The best paths seen. */
function annealed(
  network: PathNetwork,
  start: readonly Path[],
  cost: (paths: readonly Path[]) => number,
  random: () => number,
  moves: number,
  hot = HOT,
): readonly Path[] {
  const pick = (count: number) => Math.floor(random() * count);
  const others = network.stages.slice(1).flat();
  const length = start[0]!.length;
  let [now, seconds] = [start, cost(start)];
  let [best, least] = [now, seconds];
  const scale = seconds;
  for (let move = 0; move < moves; move++) {
    const next = now.map((path) => [...path]);
    const [a, i] = [next[pick(next.length)]!, 1 + pick(length - 1)];
    const j = 1 + pick(length - 1);
    const kind = random();
    const b = kind < OWN_ORDER ? a : next[pick(next.length)]!;
    if (kind < EXCHANGE) [a[i], b[j]] = [b[j]!, a[i]!];
    else a[i] = others[pick(others.length)]!;
    if (!lawful(network, next)) continue;
    const then = cost(next);
    const temperature = hot * (COLD / HOT) ** (move / moves);
    if (then > seconds && random() >= Math.exp((seconds - then) / (scale * temperature))) continue;
    [now, seconds] = [next, then];
    if (seconds < least) [best, least] = [now, seconds];
  }
  return best;
}

/**
 * What a step of these paths takes at least: the longest way there and back as often as its node sends anew, or the work of the node that most
 * paths share; and a little of the mean way, which shows where to go from there.
 */
function wayOf({ stages, delay, forward, memory }: PathNetwork, paths: readonly Path[]): number {
  const load = new Map<number, number>();
  let [longest, sum] = [0, 0];
  for (const path of paths) {
    let way = 0;
    for (const [i, node] of path.entries()) {
      way += 2 * delay[node]![path[(i + 1) % path.length]!]! + 2.5 * forward[node]!;
      load.set(node, (load.get(node) ?? 0) + 1);
    }
    longest = Math.max(longest, way);
    sum += way;
  }
  const copies = (memory * stages[0]!.length) / paths.length;
  let busiest = 0;
  for (const [node, count] of load) busiest = Math.max(busiest, 2.5 * forward[node]! * count * copies);
  // A node that more micro-batches pass than it holds makes paths wait for one another.
  const crowded = [...load.values()].reduce((all, n) => all + Math.max(0, (n * copies) / memory - 1), 0);
  return Math.max(longest, busiest) * (1 + crowded) + (0.1 * sum) / paths.length;
}

/** Paths of a step that every stage can take part in; how long they take. */
export function secondsOf(network: PathNetwork, paths: readonly Path[]): number {
  return playPaths(network, sentAlong(network, paths));
}

/** At most one node of a stage in a path; in a stage at most as many visits as the others of its kind must bear. */
function lawful({ stages }: PathNetwork, paths: readonly Path[]): boolean {
  const stageOf = stagesByNode(stages);
  const visits = new Array<number>(stages.length).fill(0);
  for (const path of paths) {
    const seen = new Set(path.map((node) => stageOf.get(node)));
    if (seen.size < path.length) return false;
    for (const node of path) visits[stageOf.get(node)!]! += 1;
  }
  const most = mostVisits(stages, paths.length, paths[0]!.length);
  return visits.every((count, stage) => stage === 0 || count <= most);
}

/** Paths through each stage but the first, spread evenly. */
function mostVisits(stages: PathNetwork['stages'], paths: number, length: number): number {
  return Math.max(
    Math.ceil((paths * (length - 1)) / (stages.length - 1)),
    Math.floor((paths * stages[1]!.length) / stages[0]!.length),
  );
}

function stagesByNode(stages: PathNetwork['stages']): Map<number, number> {
  return new Map(stages.flatMap((nodes, stage) => nodes.map((node) => [node, stage] as const)));
}

/** Each path in turn visits the stages that fewest have visited yet, by the nearest of their nodes that fewest use. */
function firstPaths({ stages, delay }: PathNetwork, length: number): Path[] | null {
  if (length > stages.length || (length > 1 && stages.length < 2)) return null;
  const visits = new Array<number>(stages.length).fill(0);
  const used = new Map<number, number>();
  return stages[0]!.map((source) => {
    const path = [source];
    const open = stages.map((_, stage) => stage).slice(1);
    open.sort((a, b) => visits[a]! - visits[b]! || a - b);
    for (const stage of open.slice(0, length - 1)) {
      const at = path.at(-1)!;
      const ranked = [...stages[stage]!].sort(
        (a, b) => (used.get(a) ?? 0) - (used.get(b) ?? 0) || delay[at]![a]! - delay[at]![b]! || a - b,
      );
      const node = ranked[0]!;
      path.push(node);
      visits[stage]! += 1;
      used.set(node, (used.get(node) ?? 0) + 1);
    }
    return path;
  });
}
