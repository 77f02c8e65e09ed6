import {
  type BySegment,
  type MemoryTerm,
  POINTS,
  type Point,
  type StageRoom,
} from '../../domain/memory-term.ts';
import type { StageContent } from './content.ts';

/** The peak is the most of all points of a step, as in a walk over forward, recomputation and backward (SimuMax). Everything alive at one, gathered: what depends on neither layers nor micro-batches is added up. */
export interface Gathered {
  readonly at: Point;
  readonly once: Part;
  readonly inFlight: Part | null;
  readonly inFlightButOne: Part | null;
  /** Each by kind of layer: only the largest counts. */
  readonly widest: readonly Float64Array[];
}

interface Part {
  /** By chunk. */
  readonly fixed: Float64Array;
  readonly layers: BySegment;
}

const PART = { once: 'once', 'in-flight': 'inFlight', 'in-flight-but-one': 'inFlightButOne' } as const;

/** The points of a step that can be the highest, whatever a stage of these terms and so many chunks holds. */
export function gathered(terms: readonly MemoryTerm[], chunks: number): Gathered[] {
  const shape = terms[0]!.layers;
  const resident = zeros(shape, chunks);
  const passing: MemoryTerm[] = [];
  for (const term of terms) {
    if (term.device !== 'gpu') continue;
    if (isResident(term)) add(resident, term);
    else passing.push(term);
  }
  const points = POINTS.map((at) => ({
    at,
    once: add(zeros(shape, chunks), resident),
    inFlight: null as Part | null,
    inFlightButOne: null as Part | null,
    widest: [] as Float64Array[],
  }));
  for (const term of passing) {
    const times = PART[term.times];
    const most = term.over === 'widest' ? mostOf(term.layers) : null;
    for (const name of term.at) {
      const point = points[POINT_INDEX[name]]!;
      if (most === null) {
        point[times] ??= zeros(shape, chunks);
        add(point[times], term);
      } else {
        point.once.fixed[0]! += term.fixed[0]!;
        if (most.some((bytes) => bytes > 0)) point.widest.push(most);
      }
    }
  }
  return points.filter((one, i) => !points.some((other, j) => i !== j && covers(other, one, j < i)));
}

function isResident({ at, times, over }: MemoryTerm): boolean {
  return at.length === POINTS.length && times === 'once' && over === 'sum';
}

function zeros(shape: BySegment, chunks: number): Part {
  return { fixed: new Float64Array(chunks), layers: shape.map((row) => new Float64Array(row.length)) };
}

function add(to: Part, { fixed, layers }: Part): Part {
  for (let c = 0; c < fixed.length; c++) to.fixed[c]! += fixed[c]!;
  for (let s = 0; s < layers.length; s++) {
    const [row, from] = [to.layers[s]!, layers[s]!];
    for (let kind = 0; kind < row.length; kind++) row[kind]! += from[kind]!;
  }
  return to;
}

const POINT_INDEX = Object.fromEntries(POINTS.map((point, i) => [point, i])) as Record<Point, number>;

/** By kind of layer, the most of any segment. */
function mostOf(rows: BySegment): Float64Array {
  if (rows.length === 1) return rows[0]!;
  return rows[0]!.map((bytes, kind) => rows.reduce((most, row) => Math.max(most, row[kind]!), bytes));
}

/** Whether `a` is never below `b`, whatever is in flight (at least one micro-batch). Of two alike, the earlier is kept. */
function covers(a: Gathered, b: Gathered, earlier: boolean): boolean {
  if (!b.widest.every((row) => a.widest.includes(row))) return false;
  if (!least(a.once, b.once) || !least(a.inFlight, b.inFlight, b.inFlightButOne)) return false;
  const alike = least(b.once, a.once) && least(b.inFlight, a.inFlight) && a.widest.length === b.widest.length;
  return !alike || earlier;
}

/** Whether a is at least b (and c with it), everywhere. */
function least(a: Part | null, b: Part | null, c: Part | null = null): boolean {
  if (b === null && c === null) return true;
  if (a === null) return false;
  for (let i = 0; i < a.fixed.length; i++)
    if (a.fixed[i]! < (b?.fixed[i] ?? 0) + (c?.fixed[i] ?? 0)) return false;
  for (let s = 0; s < a.layers.length; s++) {
    const row = a.layers[s]!;
    for (let k = 0; k < row.length; k++)
      if (row[k]! < (b?.layers[s]?.[k] ?? 0) + (c?.layers[s]?.[k] ?? 0)) return false;
  }
  return true;
}

/** Bytes of one term. */
export function termBytes(
  { over, times, layers, fixed }: MemoryTerm,
  content: StageContent,
  alive: readonly number[],
): number {
  if (over === 'widest') return widestOf(mostOf(layers), content) + fixed[0]!;
  const bytes = byChunk({ fixed, layers }, content);
  if (times === 'in-flight-but-one') return allButOne(bytes, alive);
  let sum = 0;
  for (let c = 0; c < bytes.length; c++) sum += times === 'once' ? bytes[c]! : alive[c]! * bytes[c]!;
  return sum;
}

/** The most bytes at a point, with so many layers in each chunk, and how many micro-batches of each are then in flight. */
export function mostAt(
  { once, inFlight, inFlightButOne, widest }: Gathered,
  content: StageContent,
  fronts: readonly (readonly number[])[],
): { readonly bytes: number; readonly alive: readonly number[] } {
  let still = 0;
  for (const bytes of byChunk(once, content)) still += bytes;
  for (const row of widest) still += widestOf(row, content);
  const each = inFlight && byChunk(inFlight, content);
  const butOne = inFlightButOne && byChunk(inFlightButOne, content);
  let best = { bytes: -1, alive: fronts[0]! };
  for (const alive of fronts) {
    let bytes = still;
    if (each !== null) for (let c = 0; c < each.length; c++) bytes += alive[c]! * each[c]!;
    if (butOne !== null) bytes += allButOne(butOne, alive);
    if (bytes > best.bytes) best = { bytes, alive };
  }
  return best;
}

function byChunk({ fixed, layers }: Part, content: StageContent): Float64Array {
  const bytes = new Float64Array(content.length);
  for (let c = 0; c < bytes.length; c++) bytes[c] = ofChunk(fixed, layers, c, content[c]!);
  return bytes;
}

/** Of micro-batches in flight, the largest has been let go. */
function allButOne(bytes: Float64Array, alive: readonly number[]): number {
  let sum = 0;
  let largest = 0;
  for (let c = 0; c < bytes.length; c++) {
    sum += alive[c]! * bytes[c]!;
    largest = Math.max(largest, bytes[c]!);
  }
  return Math.max(0, sum - largest);
}

function ofChunk(
  fixed: Float64Array,
  layers: BySegment,
  chunk: number,
  counts: StageContent[number],
): number {
  let bytes = fixed[chunk] ?? 0;
  for (let s = 0; s < counts.length; s++) {
    const row = counts[s]!;
    for (let kind = 0; kind < row.length; kind++) bytes += row[kind]! * layers[s]![kind]!;
  }
  return bytes;
}

function widestOf(row: Float64Array, content: StageContent): number {
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
  const all = (of: (part: Part) => number, { once, inFlight, inFlightButOne }: Gathered) =>
    of(once) +
    (inFlight === null ? 0 : alive * of(inFlight)) +
    (inFlightButOne === null ? 0 : less * of(inFlightButOne));
  return {
    segments,
    points: points.map((point) => ({
      room: allocatable - all(({ fixed }) => fixed[0]!, point),
      sum: point.once.layers.map((row, s) =>
        row.map((_, kind) => all(({ layers }) => layers[s]![kind]!, point)),
      ),
      widest: point.widest,
    })),
  };
}
