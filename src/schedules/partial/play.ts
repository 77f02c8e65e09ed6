/** Nodes of a pipeline whose micro-batches pass only some of its stages. Seconds. */
export interface PathNetwork {
  /** Nodes of each stage; those of the first hold embedding and head, and every micro-batch begins and ends at one. */
  readonly stages: readonly (readonly number[])[];
  /** Of one micro-batch, by node. */
  readonly forward: readonly number[];
  /** From the end of a pass on one node to the earliest start on another: latency, bytes over bandwidth, host copies. */
  readonly delay: readonly (readonly number[])[];
  /** Micro-batches that a node holds between their forward and their backward. */
  readonly memory: number;
}

/** One micro-batch: the nodes of its path, that of the first stage before the others, and when it may start. */
export interface Sent {
  readonly path: readonly number[];
  readonly at: number;
  /** Micro-batches of one slot follow each other: the next starts when the one before is back. */
  readonly slot: number;
}

/** Work on one micro-batch at one node, waiting there. */
interface Visit {
  readonly sent: Sent;
  readonly kind: 'forward' | 'loss' | 'backward';
  /** Place in the path. */
  readonly place: number;
  /** When it arrived; orders those that are due at once. First forwards have all been there from the start. */
  readonly arrived: number;
  due: number;
}

interface Node {
  waiting: Visit[];
  room: number;
  free: number;
  readonly running: Set<number>;
}

/** Of a node's forward: head and loss on the node that a path began at; backward. */
const LOSS = 1 / 4;
const BACKWARD = 1.5;
/** What a node is busy beyond a pass, and beyond the first forward of a path. */
const AFTER = 0.13;
const AFTER_FIRST = 0.09;
/** A node without room for a forward looks again after so long. */
const RETRY = 0.1;
const NEVER = 10_000;

/**
 * When the last backward ends. Nodes work in turn on what is due within the same second, first come first served: two micro-batches
 * that meet at a node collide, and the later one waits (gensyn-ai/skippipe@7f20d8a, schedulers/com_sym.py). Infinity where they block one another.
 */
export function playPaths(network: PathNetwork, sent: readonly Sent[]): number {
  const { forward, delay, memory } = network;
  const nodes = forward.map((): Node => ({ waiting: [], room: memory, free: 0, running: new Set() }));
  for (const one of sent)
    nodes[one.path[0]!]!.waiting.push({ sent: one, kind: 'forward', place: 0, arrived: NEVER, due: one.at });
  let left = sent.length;
  let end = 0;

  /** Seconds of the visit, after which its micro-batch is under way to the next node. */
  function work(node: number, visit: Visit): number {
    const { sent: one, kind, place, due } = visit;
    const { path, slot } = one;
    const state = nodes[node]!;
    const seconds = forward[node]! * (kind === 'forward' ? 1 : kind === 'loss' ? LOSS : BACKWARD);
    const send = (to: number, next: Visit['kind'], nextPlace: number) => {
      const arrived = due + seconds + delay[node]![to]!;
      nodes[to]!.waiting.push({ sent: one, kind: next, place: nextPlace, arrived, due: arrived });
    };
    if (kind === 'forward') {
      state.room -= 1;
      if (place === 0) state.running.add(slot);
      if (place < path.length - 1) send(path[place + 1]!, 'forward', place + 1);
      else send(path[0]!, 'loss', 0);
    } else if (kind === 'loss') send(path.at(-1)!, 'backward', path.length - 1);
    else {
      state.room += 1;
      if (place > 0) send(path[place - 1]!, 'backward', place - 1);
      else {
        state.running.delete(slot);
        left -= 1;
        end = Math.max(end, due + seconds);
      }
    }
    return seconds;
  }

  /** Works on what is due in a second; whether anything changed. */
  function turn(node: number, second: number): boolean {
    const state = nodes[node]!;
    if (!state.waiting.some((one) => Math.floor(one.due) === second)) return false;
    let changed = false;
    const done = new Set<Visit>();
    const queue = state.waiting.sort((a, b) => a.due - b.due || a.arrived - b.arrived);
    for (const visit of queue) {
      if (Math.floor(visit.due) !== second) continue;
      const begins = visit.kind === 'forward';
      if (visit.due < state.free) visit.due = state.free;
      else if (begins && state.room <= 0) visit.due += RETRY;
      else if (begins && visit.place === 0 && state.running.has(visit.sent.slot)) continue;
      else {
        const start = visit.due;
        state.free = start + work(node, visit) + (visit.arrived === NEVER ? AFTER_FIRST : AFTER);
        done.add(visit);
        for (const other of queue)
          if (other.sent !== visit.sent && start <= other.due && other.due < state.free)
            other.due = state.free;
      }
      changed = true;
    }
    if (done.size > 0) state.waiting = state.waiting.filter((one) => !done.has(one));
    return changed;
  }

  for (let second = 0; left > 0 && second < NEVER; second++) {
    // A node may be handed work within the second: look again until nothing moves.
    for (let again = true, looks = 0; again && looks < LOOKS; looks++) {
      again = false;
      for (let node = 0; node < nodes.length; node++) again = turn(node, second) || again;
    }
    if (nodes.every(({ waiting }) => waiting.every(({ due }) => due < second + 1))) break;
  }
  return left > 0 ? Number.POSITIVE_INFINITY : end;
}

/** Times that nodes look at their queues within a second. */
const LOOKS = 15;

/** Rounds in which all micro-batches of a step are sent, and the seconds between those of one node. */
const FULL_ROUNDS = 3;
const PATH_ROUNDS = 2;
const BETWEEN_ROUNDS = 2.5;
const BETWEEN_COPIES = 1;

/** The whole pipeline: as many lines as its second stage has nodes, the i-th node of each stage after the other. */
export function sentThroughAll({ stages, memory }: PathNetwork): Sent[] {
  const lines = stages[1]!.length;
  return Array.from({ length: lines }, (_, line) => line).flatMap((line) =>
    Array.from({ length: memory * FULL_ROUNDS }, (_, i): Sent => {
      const round = i % FULL_ROUNDS;
      const slot = Math.floor(i / FULL_ROUNDS);
      return { path: stages.map((nodes) => nodes[line]!), at: round * 0.1, slot: line * memory + slot };
    }),
  );
}

/** Paths as they are shared out: each node of the first stage sends as many micro-batches a round as it holds. */
export function sentAlong({ memory, forward }: PathNetwork, paths: readonly (readonly number[])[]): Sent[] {
  const before = new Map<number, number>();
  const numbered = paths.map((path) => {
    const source = path[0]!;
    const number = before.get(source) ?? 0;
    before.set(source, number + 1);
    return { path, number };
  });
  return numbered.flatMap(({ path, number }, index) => {
    const copies = Math.max(1, Math.floor(memory / before.get(path[0]!)!));
    return Array.from({ length: copies * PATH_ROUNDS }, (_, i): Sent => {
      const [copy, round] = [Math.floor(i / PATH_ROUNDS), i % PATH_ROUNDS];
      const at = round * BETWEEN_ROUNDS + copy * BETWEEN_COPIES + number * forward[path[0]!]!;
      return { path, at, slot: index * copies + copy };
    });
  });
}
