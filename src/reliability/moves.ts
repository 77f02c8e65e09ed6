import type { Cluster } from '../domain/cluster.ts';
import type { Piece } from './held-states.ts';

/** What each GPU holds, by host and number: `gpu03/5`. */
export type Held = ReadonlyMap<string, readonly Piece[]>;

/** States on their way between hosts. */
export interface Moves {
  readonly bytes: number;
  readonly seconds: number;
}

/** Whether what is left of a plan still has every state: whole tensors, shard by shard. */
export function survives(before: Held, lost: ReadonlySet<string>): boolean {
  const had = new Map<string, Map<string, number>>();
  const has = new Map<string, Set<string>>();
  for (const [gpu, pieces] of before)
    for (const { part, slice, shard } of pieces) {
      const cell = [...slice, ...shard].join();
      const cells = had.get(part) ?? new Map<string, number>();
      had.set(part, cells.set(cell, 1));
      if (!lost.has(hostOf(gpu))) has.set(part, (has.get(part) ?? new Set()).add(cell));
    }
  for (const [part, cells] of had) if ((has.get(part)?.size ?? 0) < cells.size) return false;
  return true;
}

/** What GPUs must get that they have not: over the network, each host at the rate of its cards, all of them sending alike. */
export function movesBetween(before: Held, after: Held, lost: ReadonlySet<string>, cluster: Cluster): Moves {
  const into = new Map<string, number>();
  for (const [gpu, pieces] of after) {
    const own = new Map((before.get(gpu) ?? []).map((piece) => [piece.part, piece]));
    let bytes = 0;
    for (const piece of pieces) bytes += piece.bytes * (area(piece) - shared(piece, own.get(piece.part)));
    into.set(hostOf(gpu), (into.get(hostOf(gpu)) ?? 0) + bytes);
  }
  const bytes = [...into.values()].reduce((a, b) => a + b, 0);
  const rates = hostRates(cluster);
  const received = Math.max(0, ...[...into].map(([host, some]) => some / rates.get(host)!));
  const senders = [...new Set([...before.keys()].map(hostOf))].filter((host) => !lost.has(host));
  const together = senders.reduce((sum, host) => sum + (rates.get(host) ?? 0), 0);
  return { bytes, seconds: bytes === 0 ? 0 : Math.max(received, bytes / together) };
}

/** Bytes that GPUs hold of states, each as often as it is held. */
export function bytesHeld(held: Held): number {
  let sum = 0;
  for (const pieces of held.values()) for (const piece of pieces) sum += piece.bytes * area(piece);
  return sum;
}

function hostOf(gpu: string): string {
  return gpu.slice(0, gpu.lastIndexOf('/'));
}

function area({ slice, shard }: Piece): number {
  return (slice[1] - slice[0]) * (shard[1] - shard[0]);
}

function shared(a: Piece, b: Piece | undefined): number {
  if (b === undefined) return 0;
  const over = (x: Piece['slice'], y: Piece['slice']) =>
    Math.max(0, Math.min(x[1], y[1]) - Math.max(x[0], y[0]));
  // A shard is one of a slice: of unlike slices another part of the tensor.
  const alike = a.slice[0] === b.slice[0] && a.slice[1] === b.slice[1];
  const shards = alike ? over(a.shard, b.shard) : (a.shard[1] - a.shard[0]) * (b.shard[1] - b.shard[0]);
  return over(a.slice, b.slice) * shards;
}

/** Bytes/s of a host's cards together, one way. */
function hostRates({ groups }: Cluster): Map<string, number> {
  return new Map(
    groups.flatMap(({ hosts, nic }) => {
      const rate = nic.perNode * (nic.measured ?? nic.link.bandwidth * nic.link.efficiency);
      return hosts.map((host) => [host, rate] as const);
    }),
  );
}
