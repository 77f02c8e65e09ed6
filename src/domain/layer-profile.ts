import { bitsOf, type Precision } from './dtype.ts';

/** What of a model is measured by itself: a decoder layer; the embedding; final norm and LM head; the loss. */
export const PROFILE_PARTS = ['layer', 'embedding', 'head', 'loss'] as const;
export type ProfilePart = (typeof PROFILE_PARTS)[number];

/** Measured seconds and bytes of layers and of the ends of a model, in place of the analytic model. */
export interface LayerProfile {
  readonly name: string;
  readonly entries: readonly LayerProfileEntry[];
}

/** How a part is split and in what it computes: all that its time depends on, beside the GPU and the micro-batch. */
interface Split {
  readonly tensorParallel: number;
  readonly contextParallel: number;
  readonly expertParallel: number;
  readonly expertTensorParallel: number;
  readonly sequenceLength: number;
}

/** One part on one GPU type, split in one way. */
export interface LayerProfileEntry extends Split {
  /** Id of the GPU. */
  readonly gpu: string;
  readonly part: ProfilePart;
  /** Name of the kind of layer; null: all kinds, or no layer. */
  readonly layerKind: string | null;
  /** null: not stated, that of the run it is read for. */
  readonly precision: Precision | null;
  /** In rising order of micro-batch, one GPU each, communication inside the part included. */
  readonly points: readonly LayerPoint[];
}

export interface LayerPoint {
  /** Sequences. */
  readonly microBatch: number;
  readonly forwardSeconds: number;
  /** Input and weight gradients, without recomputation. */
  readonly backwardSeconds: number;
  /** Kept from forward to backward without recomputation; null: not measured. */
  readonly savedBytes: number | null;
}

/** Where a part runs. */
export interface PartShape extends Split {
  readonly precision: Precision;
  readonly microBatch: number;
}

export interface ProfileQuery {
  readonly gpu: string;
  readonly part: ProfilePart;
  /** Name of the kind of layer; null: an end of the model. */
  readonly layerKind: string | null;
  /** Whether the part has experts: without, no degree of theirs matters. */
  readonly experts: boolean;
  /** Only a share of the part: the vocabulary split over stages. Nothing measured is that. */
  readonly shared: boolean;
  readonly shape: PartShape;
}

/** What a profile says about a part. */
export interface Reading extends Omit<LayerPoint, 'microBatch'> {
  /** Measured just there, or between two points; otherwise the nearest point that was measured. */
  readonly covered: boolean;
  /** Where it was measured. */
  readonly shape: PartShape;
  /** The kind of layer that was measured. */
  readonly layerKind: string | null;
  /** Factors of two between there and what was asked, all degrees added up. */
  readonly distance: number;
}

/** What a profile measured of a part, or the nearest to it of the same GPU; null where it has nothing of the part there. */
export function readingOf(profile: LayerProfile, query: ProfileQuery): Reading | null {
  const entries = profile.entries.filter(({ gpu, part }) => gpu === query.gpu && part === query.part);
  return covering(entries, query) ?? nearest(entries, query);
}

/** Of several that cover what is asked the closest in kind and precision; the straight line between two of its points. */
function covering(entries: readonly LayerProfileEntry[], query: ProfileQuery): Reading | null {
  if (query.shared) return null;
  const asked = tokensOf(query.shape);
  let best: { entry: LayerProfileEntry; likeness: number } | null = null;
  for (const entry of entries) {
    const likeness = unlikeness(entry, query);
    if (likeness >= UNLIKE || (best !== null && best.likeness <= likeness)) continue;
    if (stepsBetween(degreesOf(entry, query), degreesOf(query.shape, query)) > 0) continue;
    const tokens = entry.points.map(({ microBatch }) => tokensOf({ ...entry, microBatch }));
    if (tokens[0]! <= asked && asked <= tokens.at(-1)!) best = { entry, likeness };
  }
  if (best === null) return null;
  const { shape } = query;
  return { ...between(best.entry, asked), covered: true, shape, layerKind: query.layerKind, distance: 0 };
}

/** The straight line through the points on both sides, by tokens. */
function between(entry: LayerProfileEntry, tokens: number): Omit<LayerPoint, 'microBatch'> {
  const at = ({ microBatch }: LayerPoint) => tokensOf({ ...entry, microBatch });
  const upper = entry.points.find((point) => at(point) >= tokens)!;
  const lower = entry.points.findLast((point) => at(point) <= tokens)!;
  if (upper === lower) return upper;
  const share = (tokens - at(lower)) / (at(upper) - at(lower));
  const line = (a: number, b: number) => a + (b - a) * share;
  return {
    forwardSeconds: line(lower.forwardSeconds, upper.forwardSeconds),
    backwardSeconds: line(lower.backwardSeconds, upper.backwardSeconds),
    savedBytes:
      lower.savedBytes === null || upper.savedBytes === null
        ? null
        : line(lower.savedBytes, upper.savedBytes),
  };
}

/**
 * The nearest point: of this kind of layer, or of all kinds, before one of another kind; of these in the same precision
 * before others, and of its own kind before all kinds; of these the fewest factors of two away in tokens on a GPU, sequence
 * length and degrees, which are what kernels and collectives inside a part are large by. The first in the file of equals.
 */
function nearest(entries: readonly LayerProfileEntry[], query: ProfileQuery): Reading | null {
  let best: { reading: Reading; likeness: number } | null = null;
  const asked = measures(query.shape, query);
  for (const entry of entries) {
    const likeness = unlikeness(entry, query);
    for (const point of entry.points) {
      const { microBatch, ...measured } = point;
      const shape = shapeOf(entry, microBatch, query.shape.precision);
      const distance = stepsBetween(measures(shape, query), asked);
      if (
        best !== null &&
        (likeness > best.likeness || (likeness === best.likeness && distance >= best.reading.distance))
      )
        continue;
      const layerKind = entry.layerKind ?? query.layerKind;
      best = { likeness, reading: { ...measured, covered: false, shape, layerKind, distance } };
    }
  }
  return best?.reading ?? null;
}

/** Where a point of an entry was measured, for a run of a precision. */
export function shapeOf(entry: LayerProfileEntry, microBatch: number, precision: Precision): PartShape {
  const { tensorParallel, contextParallel, expertParallel, expertTensorParallel, sequenceLength } = entry;
  return {
    precision: entry.precision ?? precision,
    tensorParallel,
    contextParallel,
    expertParallel,
    expertTensorParallel,
    sequenceLength,
    microBatch,
  };
}

/** From here on an entry is of another kind of layer or another precision. */
const UNLIKE = 1;
const OTHER_KIND = 100;

/** How unlike an entry is in what is no degree: kind of layer first, then precision. */
function unlikeness(entry: LayerProfileEntry, { layerKind, shape }: ProfileQuery): number {
  const kind = entry.layerKind === layerKind ? 0 : entry.layerKind === null ? 0.5 : OTHER_KIND;
  return kind + precisionSteps(entry.precision ?? shape.precision, shape.precision);
}

/** The two 16-bit formats run at one speed. */
function precisionSteps(a: Precision, b: Precision): number {
  if (a === b) return 0;
  const steps = Math.abs(Math.log2(bitsOf(a) / bitsOf(b)));
  return steps === 0 && bitsOf(a) === 16 ? 0.25 : 1 + steps;
}

function tokensOf({ sequenceLength, contextParallel, microBatch }: Omit<PartShape, 'precision'>): number {
  return (sequenceLength * microBatch) / contextParallel;
}

function measures(shape: PartShape, query: ProfileQuery): number[] {
  return [tokensOf(shape), ...degreesOf(shape, query)];
}

/** What the time of a part depends on beside tokens: an end of the model mixes none, so only on its tensor parallelism. */
function degreesOf(split: Split, { part, experts }: ProfileQuery): number[] {
  const { tensorParallel, contextParallel, expertParallel, expertTensorParallel, sequenceLength } = split;
  if (part !== 'layer') return [tensorParallel];
  const own = [tensorParallel, contextParallel, sequenceLength];
  return experts ? [...own, expertParallel, expertTensorParallel] : own;
}

function stepsBetween(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + Math.abs(Math.log2(value / b[i]!)), 0);
}
