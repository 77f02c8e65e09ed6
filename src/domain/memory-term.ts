/** Where in a training step the memory of a GPU can peak, in the order of the step; at the first nothing is kept for backward yet. */
export const POINTS = [
  'start-of-forward',
  'forward',
  'loss',
  'backward',
  'end-of-backward',
  'optimizer-step',
] as const;
export type Point = (typeof POINTS)[number];

/** Where bytes lie: in a GPU's own memory, in its host's, on a disk. */
export type Device = 'gpu' | 'host' | 'disk';

/** By segment of a stage (its first so many layers, the rest), then by kind of layer. */
export type BySegment = readonly Float64Array[];

/**
 * One thing that one GPU of a stage holds. The list of them is the memory model: the walk over a step, the stage cut, the
 * bounds and the reports all read it, and nothing else knows how many bytes anything takes.
 */
export interface MemoryTerm {
  /** As it is printed. */
  readonly part: string;
  readonly device: Device;
  readonly at: readonly Point[];
  /** `in-flight`: for each micro-batch that the schedule keeps alive; `in-flight-but-one`: all of them but the one in backward. */
  readonly times: 'once' | 'in-flight' | 'in-flight-but-one';
  /** What a stage's layers come to: all of them together, or the largest. */
  readonly over: 'sum' | 'widest';
  readonly layers: BySegment;
  /** Whatever layers the stage holds, by chunk of the stage; what belongs to no chunk stands in the first. */
  readonly fixed: Float64Array;
}

interface Amounts extends Pick<MemoryTerm, 'part' | 'layers'> {
  readonly fixed: ArrayLike<number>;
}

/** A term with what it does not say as usual: on the GPU, all through the step, once. All terms have one shape: they are read faster. */
export function memoryTerm(one: Amounts & Partial<Omit<MemoryTerm, keyof Amounts>>): MemoryTerm {
  return {
    part: one.part,
    device: one.device ?? 'gpu',
    at: one.at ?? POINTS,
    times: one.times ?? 'once',
    over: one.over ?? 'sum',
    layers: one.layers,
    fixed: new Float64Array(one.fixed),
  };
}

/** What a stage with one chunk may still hold at one point: Σ sum·layers + Σ max(widest of the kinds it has) ≤ room. */
export interface RoomPoint {
  readonly room: number;
  readonly sum: readonly ArrayLike<number>[];
  /** Each by kind of layer. */
  readonly widest: readonly ArrayLike<number>[];
}

/** A stage as a cut must respect it, on every kind of GPU that serves it. */
export interface StageRoom {
  /** First layer of each segment, counted within the stage; the first is 0. */
  readonly segments: readonly number[];
  readonly points: readonly RoomPoint[];
}
