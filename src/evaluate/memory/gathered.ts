import {
  type BySegment,
  type MemoryTerm,
  POINTS,
  type Point,
  type StageRoom,
} from '../../domain/memory-term.ts';
import type { StageContent } from './content.ts';

/** Everything alive at one point of the step, gathered: what depends on neither layers nor micro-batches is added up. */
export interface Gathered {
  readonly at: Point;
  readonly once: Part;
  readonly inFlight: Part;
  readonly inFlightButOne: Part;
  /** Each by kind of layer: only the largest counts. */
  readonly widest: readonly (readonly number[])[];
}

interface Part {
  /** By chunk. */
  readonly fixed: Float64Array;
  /** By segment and kind. */
  readonly layers: readonly Float64Array[];
}

const PART = { once: 'once', 'in-flight': 'inFlight', 'in-flight-but-one': 'inFlightButOne' } as const;

/** The points of a step that can be the highest, whatever a stage of these terms and so many chunks holds. */
export function gathered(terms: readonly MemoryTerm[], chunks: number): Gathered[] {
  const shape = terms[0]!.layers;
  const nothing = zeros(shape, chunks);
  const points = POINTS.map((at) => ({
    at,
    once: nothing,
    inFlight: nothing,
    inFlightButOne: nothing,
    widest: [] as (readonly number[])[],
  }));
  for (const { device, at, times: often, over, fixed, layers } of terms) {
    if (device !== 'gpu') continue;
    const most = over === 'widest' ? mostOf(layers) : null;
    for (const name of at) {
      const point = points[POINT_INDEX[name]]!;
      const times = PART[often];
      if (point[times] === nothing) point[times] = zeros(shape, chunks);
      const to = point[times];
      for (let c = 0; c < fixed.length; c++) to.fixed[c]! += fixed[c]!;
      if (most === null) addLayers(to.layers, layers);
      else if (most.some((bytes) => bytes > 0)) point.widest.push(most);
    }
  }
  return points.filter((one, i) => !points.some((other, j) => i !== j && covers(other, one, j < i)));
}

function zeros(shape: BySegment, chunks: number): Part {
  return { fixed: new Float64Array(chunks), layers: shape.map((row) => new Float64Array(row.length)) };
}

const POINT_INDEX = Object.fromEntries(POINTS.map((point, i) => [point, i])) as Record<Point, number>;

function addLayers(to: readonly Float64Array[], from: BySegment): void {
  for (let s = 0; s < from.length; s++)
    for (let kind = 0; kind < from[s]!.length; kind++) to[s]![kind]! += from[s]![kind]!;
}

/** By kind of layer, the most of any segment. */
function mostOf([first, ...rest]: BySegment): readonly number[] {
  if (rest.length === 0) return first!;
  return first!.map((bytes, kind) => rest.reduce((most, row) => Math.max(most, row[kind]!), bytes));
}

/** Whether `a` is never below `b`, whatever is in flight (at least one micro-batch). Of two alike, the earlier is kept. */
function covers(a: Gathered, b: Gathered, earlier: boolean): boolean {
  if (!b.widest.every((row) => a.widest.includes(row))) return false;
  if (!least(a.once, b.once) || !least(a.inFlightButOne, NOTHING)) return false;
  if (!least(a.inFlight, b.inFlight, b.inFlightButOne)) return false;
  const alike = least(b.once, a.once) && least(b.inFlight, a.inFlight) && a.widest.length === b.widest.length;
  return !alike || earlier;
}

const NOTHING: Part = { fixed: new Float64Array(0), layers: [] };

/** Whether a is at least b (and c with it), everywhere. */
function least(a: Part, b: Part, c: Part = NOTHING): boolean {
  for (let i = 0; i < a.fixed.length; i++)
    if (a.fixed[i]! < (b.fixed[i] ?? 0) + (c.fixed[i] ?? 0)) return false;
  for (let s = 0; s < a.layers.length; s++) {
    const row = a.layers[s]!;
    for (let k = 0; k < row.length; k++)
      if (row[k]! < (b.layers[s]?.[k] ?? 0) + (c.layers[s]?.[k] ?? 0)) return false;
  }
  return true;
}

/** Bytes of one term. */
export function termBytes(term: MemoryTerm, content: StageContent, alive: readonly number[]): number {
  const { over, times, layers, fixed } = term;
  if (over === 'widest') return widestOf(mostOf(layers), content) + (fixed[0] ?? 0);
  let bytes = 0;
  let largest = 0;
  for (const [c, counts] of content.entries()) {
    const one = ofChunk(term, c, counts);
    bytes += times === 'once' ? one : alive[c]! * one;
    largest = Math.max(largest, one);
  }
  return times === 'in-flight-but-one' ? Math.max(0, bytes - largest) : bytes;
}

/** Bytes at a point, with so many layers in each chunk and so many micro-batches of each chunk in flight. */
export function bytesAt(point: Gathered, content: StageContent, alive: readonly number[]): number {
  const { once, inFlight, inFlightButOne, widest } = point;
  let bytes = 0;
  let butOne = 0;
  let largest = 0;
  for (const [c, counts] of content.entries()) {
    bytes += ofChunk(once, c, counts) + alive[c]! * ofChunk(inFlight, c, counts);
    const less = ofChunk(inFlightButOne, c, counts);
    butOne += alive[c]! * less;
    largest = Math.max(largest, less);
  }
  bytes += Math.max(0, butOne - largest);
  for (const row of widest) bytes += widestOf(row, content);
  return bytes;
}

function ofChunk(
  { fixed, layers }: { readonly fixed: ArrayLike<number>; readonly layers: readonly ArrayLike<number>[] },
  chunk: number,
  counts: BySegment,
): number {
  let bytes = fixed[chunk] ?? 0;
  for (let s = 0; s < counts.length; s++) {
    const row = counts[s]!;
    for (let kind = 0; kind < row.length; kind++) bytes += row[kind]! * layers[s]![kind]!;
  }
  return bytes;
}

function widestOf(row: readonly number[], content: StageContent): number {
  let most = 0;
  for (let kind = 0; kind < row.length; kind++)
    if (row[kind]! > most && content.some((chunk) => chunk.some((counts) => counts[kind]! > 0)))
      most = row[kind]!;
  return most;
}

/** The same for a stage with one chunk, as inequalities: what is left of `allocatable` bytes for its layers. */
export function roomOf(
  points: readonly Gathered[],
  segments: readonly number[],
  alive: number,
  allocatable: number,
): StageRoom {
  const less = Math.max(0, alive - 1);
  return {
    segments,
    points: points.map(({ once, inFlight, inFlightButOne, widest }) => ({
      room: allocatable - once.fixed[0]! - alive * inFlight.fixed[0]! - less * inFlightButOne.fixed[0]!,
      sum: once.layers.map((row, s) =>
        Array.from(
          row,
          (bytes, kind) =>
            bytes + alive * inFlight.layers[s]![kind]! + less * inFlightButOne.layers[s]![kind]!,
        ),
      ),
      widest,
    })),
  };
}
