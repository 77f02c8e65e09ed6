import { type PathNetwork, sentThroughAll } from '../../schedules/partial/play.ts';
import { jsonText } from '../writing/json-text.ts';

interface Scheduled {
  readonly network: PathNetwork;
  readonly places: readonly string[];
  readonly paths: readonly (readonly number[])[];
  readonly stepSeconds: number;
  readonly fullStepSeconds: number;
}

/** Rounds of micro-batches in a step (create_schedule.py@7f20d8a). */
const ROUNDS = 2;

/**
 * `schedule.json` as SkipPipe's trainers read it (gensyn-ai/skippipe@7f20d8a, create_schedule.py and communications/pp_protocol_ca.py): paths
 * as chains of nodes, and for each node when it sees each path where nothing is in the way. Never its run.sh, which ends every python of the machine.
 */
export function scheduleFile({ network, places, paths, stepSeconds, fullStepSeconds }: Scheduled): string {
  const { stages, delay, memory } = network;
  const sends = (path: readonly number[]) =>
    Object.fromEntries(path.slice(0, -1).map((node, i) => [String(node), path[i + 1]!]));
  const copies = (memory * stages[0]!.length) / paths.length;
  const sources = new Set(paths.map(([source]) => source));
  return jsonText({
    delays: delay,
    memory,
    partitions: stages,
    locations: places,
    'baseline-sends': sentThroughAll(network).length / stages[1]!.length,
    'ours-sends': ROUNDS * memory,
    'baseline-expected-time': fullStepSeconds,
    'ca-expected-time': stepSeconds,
    'ca-paths': Object.fromEntries(paths.map((path, agent) => [String(agent), sends(path)])),
    'ca-processing-order': ordersOf(network, paths),
    'ca-mb-per-node': Object.fromEntries(
      delay.map((_, node) => [String(node), sources.has(node) ? ROUNDS * copies : 0]),
    ),
  });
}

/** By node: which path it sees when, there and back. */
function ordersOf(
  { forward, delay }: PathNetwork,
  paths: readonly (readonly number[])[],
): Record<string, [agent: number, at: number][]> {
  const orders: Record<string, [number, number][]> = {};
  const note = (node: number, agent: number, at: number) => {
    orders[node] ??= [];
    orders[node].push([agent, at]);
  };
  for (const [agent, path] of paths.entries()) {
    let at = 0;
    for (const [i, node] of path.entries()) {
      note(node, agent, at);
      at += forward[node]! + delay[node]![path[i + 1] ?? path[0]!]!;
    }
    const source = path[0]!;
    note(source, agent, at);
    at += forward[source]! / 4 + delay[source]![path.at(-1)!]!;
    for (const [i, node] of path.toReversed().entries()) {
      note(node, agent, at);
      const next = path[path.length - 2 - i];
      at += 1.5 * forward[node]! + (next === undefined ? 0 : delay[node]![next]!);
    }
  }
  for (const order of Object.values(orders)) order.sort((a, b) => a[1] - b[1]);
  return orders;
}
