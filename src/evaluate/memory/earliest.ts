import type { RoomPoint, StageRoom } from '../../domain/memory-term.ts';

/**
 * For each end of a stage (exclusive), its earliest first layer with which all its layers fit: `layers` are the kinds of the
 * model's layers in order. A stage that ends at i may begin at any j ≥ earliest[i], since fewer layers never take more; it
 * is i itself where not even layer i − 1 alone fits. For stages whose layers are alike in all their places.
 */
export function earliestStarts(layers: readonly number[], kinds: number, { points }: StageRoom): Int32Array {
  const earliest = new Int32Array(layers.length + 1);
  const counts = new Int32Array(kinds);
  const sums = new Float64Array(points.length);
  const add = (kind: number, sign: number) => {
    counts[kind]! += sign;
    for (let i = 0; i < points.length; i++) sums[i]! += sign * points[i]!.sum[0]![kind]!;
  };
  let start = 0;
  for (let end = 1; end <= layers.length; end++) {
    add(layers[end - 1]!, 1);
    while (start < end && !points.every((point, i) => sums[i]! + widestOf(point, counts) <= point.room))
      add(layers[start++]!, -1);
    // Nothing is left of rounding where nothing is left of the stage.
    if (start === end) sums.fill(0);
    earliest[end] = start;
  }
  return earliest;
}

function widestOf({ widest }: RoomPoint, counts: Int32Array): number {
  let bytes = 0;
  for (const row of widest) {
    let most = 0;
    for (let kind = 0; kind < row.length; kind++)
      if (counts[kind]! > 0 && row[kind]! > most) most = row[kind]!;
    bytes += most;
  }
  return bytes;
}

/** The same where all layers are of one kind: the most that fit. */
export function mostOfOneKind({ points }: StageRoom): number {
  let most = Number.POSITIVE_INFINITY;
  for (const { room, sum, widest } of points) {
    let free = room;
    for (const row of widest) free -= row[0]!;
    most = Math.min(most, free < 0 ? 0 : Math.floor(free / sum[0]![0]!));
  }
  return most;
}
