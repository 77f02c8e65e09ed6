import type { FittedLine } from './facts.ts';

/** What one size took. */
export interface Point {
  readonly bytes: number;
  readonly seconds: number;
}

// Two lines have to leave less than this share of one line's error, and one line more than this error (relative).
const BETTER = 0.6;
const GOOD_ENOUGH = 0.01;
const LEAST_POINTS = 3;
const MOST_SPLITS = 64;

/**
 * t = min over lines of latency + bytes / bandwidth, slow line first: one line, or two where they fit clearly better, as
 * for protocols that change with size (NCCL's LL and Simple). Least squares on relative error, over all split points.
 * Empty for fewer than two sizes or times that do not grow.
 */
export function fittedLines(points: readonly Point[]): FittedLine[] {
  const used = points
    .filter(({ bytes, seconds }) => bytes > 0 && seconds > 0)
    .sort((a, b) => a.bytes - b.bytes);
  const one = alphaBeta(used);
  if (one === null) return [];
  const alone = relativeError([one], used);
  if (alone < GOOD_ENOUGH) return [one];
  let best: FittedLine[] = [one];
  let least = alone * BETTER;
  const step = Math.max(1, Math.ceil(used.length / MOST_SPLITS));
  for (let split = LEAST_POINTS; split <= used.length - LEAST_POINTS; split += step) {
    const small = alphaBeta(used.slice(0, split));
    const large = alphaBeta(used.slice(split));
    if (small === null || large === null || large.bandwidth <= small.bandwidth) continue;
    const error = relativeError([small, large], used);
    if (error < least) [best, least] = [[small, large], error];
  }
  return best;
}

/** Seconds by the lines. */
export function lineSeconds(lines: readonly FittedLine[], bytes: number): number {
  return Math.min(...lines.map(({ latency, bandwidth }) => latency + bytes / bandwidth));
}

/** t = latency + bytes / bandwidth by least squares on relative error, so that small and large sizes count alike. */
export function alphaBeta(points: readonly Point[]): FittedLine | null {
  const used = points.filter(({ bytes, seconds }) => bytes > 0 && seconds > 0);
  if (new Set(used.map(({ bytes }) => bytes)).size < 2) return null;
  let [sw, sx, sxx, sy, sxy] = [0, 0, 0, 0, 0];
  for (const { bytes, seconds } of used) {
    const w = 1 / seconds ** 2;
    sw += w;
    sx += w * bytes;
    sxx += w * bytes * bytes;
    sy += w * seconds;
    sxy += w * bytes * seconds;
  }
  const slope = (sw * sxy - sx * sy) / (sw * sxx - sx * sx);
  if (!(slope > 0)) return null;
  const latency = (sy - slope * sx) / sw;
  return latency >= 0 ? { latency, bandwidth: 1 / slope } : { latency: 0, bandwidth: sxx / sxy };
}

/** Root mean square of model over measurement, minus one. */
function relativeError(lines: readonly FittedLine[], points: readonly Point[]): number {
  const squares = points.map(({ bytes, seconds }) => (lineSeconds(lines, bytes) / seconds - 1) ** 2);
  return Math.sqrt(squares.reduce((sum, one) => sum + one, 0) / points.length);
}
