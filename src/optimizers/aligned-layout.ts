import type { OptimizerOptions } from '../domain/workload.ts';

/** A parameter of a buffer: elements on one GPU, and what orthogonalising it is reckoned at (longer side times the square of the shorter). */
export interface BufferParameter {
  readonly elements: number;
  readonly cost: number;
}

/** Ranks lay the matrices that they share out in shards of one length. */
export function isAligned({ layout }: OptimizerOptions): boolean {
  return layout === 'aligned';
}

/** A shard may be so much longer than the mean before another is taken for its length (_NUMEL_EPSILON). */
const LONGER = 0.3;
/** Of what a bucket takes where its largest parameter fills a shard, this much closes it (PADDING_FLOOR). */
const FLOOR = 0.9;
const ALIGNED = 64;

/** Elements of a bucket at least where reductions overlap backward (resolve_ddp_bucket_size, megatron/training/training.py@d98e8a6). */
export function bucketElements(ranks: number): number {
  return Math.max(40e6, 1e6 * ranks);
}

/**
 * Elements of the buffer of Megatron's aligned layer-wise layout, padding included: buckets of parameters from the last to the first,
 * each dealt out whole to as many shards as there are ranks, all shards as long as the longest
 * (LayerWiseDistributedOptimizer._compute_per_buffer_param_layout, megatron/core/optimizer/layer_wise_optimizer.py@d98e8a6).
 * `bucket`: elements that close one; null: there is one alone.
 */
export function alignedElements(
  parameters: readonly BufferParameter[],
  ranks: number,
  bucket: number | null,
): number {
  // Ends are multiples of lcm(ranks, 128), shards of what that leaves of it.
  const divisor = lcm(ALIGNED, lcm(ranks, 128) / ranks);
  const loads = new Float64Array(ranks);
  let total = 0;
  const close = (chunk: readonly BufferParameter[]) => {
    if (chunk.length > 0) total += ranks * padded(longestShard(chunk, loads), divisor);
  };
  let chunk: BufferParameter[] = [];
  let elements = 0;
  let largest = 0;
  let shards = new Float64Array(ranks);
  for (let i = parameters.length - 1; i >= 0; i--) {
    const one = parameters[i]!;
    if (bucket !== null && chunk.length > 0) {
      const enough = Math.max(bucket, Math.trunc(ranks * largest * FLOOR));
      const room = padded(Math.max(...shards), divisor);
      if (elements >= enough && padded(Math.min(...shards), ALIGNED) + one.elements > room) {
        close(chunk);
        chunk = [];
        elements = 0;
        largest = 0;
        shards = new Float64Array(ranks);
      }
    }
    const least = shards.indexOf(Math.min(...shards));
    shards[least] = padded(shards[least]!, ALIGNED) + one.elements;
    chunk.push(one);
    elements += one.elements;
    largest = Math.max(largest, one.elements);
  }
  close(chunk);
  return total;
}

/** Dearest first to the shard that has least to do, of those that it does not make too long; loads go on from bucket to bucket. */
function longestShard(chunk: readonly BufferParameter[], loads: Float64Array): number {
  const ends = new Float64Array(loads.length);
  const most = (chunk.reduce((sum, { elements }) => sum + elements, 0) / loads.length) * (1 + LONGER);
  for (const { elements, cost } of [...chunk].sort((a, b) => b.cost - a.cost)) {
    let to = -1;
    for (let shard = 0; shard < loads.length; shard++) {
      if (padded(ends[shard]!, ALIGNED) + elements > most) continue;
      if (to < 0 || loads[shard]! < loads[to]!) to = shard;
    }
    if (to < 0) to = ends.indexOf(Math.min(...ends));
    ends[to] = padded(ends[to]!, ALIGNED) + elements;
    loads[to]! += cost;
  }
  return Math.max(...ends);
}

function padded(value: number, divisor: number): number {
  return Math.ceil(value / divisor) * divisor;
}

function lcm(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** A straight line that no stage of up to so many layers alike has more padding than: elements of each layer, and of all. */
export interface PaddingLine {
  readonly perLayer: number;
  readonly fixed: number;
}

/**
 * Of layers with these parameters, up to `most` of them: of all such lines the lowest at `usual` layers. First stages have buckets,
 * later ones one buffer: the more of the two. It falls where more layers fill what the largest matrix leaves of each shard.
 */
export function paddingLine(
  layer: readonly BufferParameter[],
  { most, usual, ranks }: { readonly most: number; readonly usual: number; readonly ranks: number },
): PaddingLine {
  const own = layer.reduce((sum, { elements }) => sum + elements, 0);
  if (own === 0 || ranks === 1 || most === 0) return { perLayer: 0, fixed: 0 };
  const padding = Array.from({ length: most }, (_, i): Point => {
    const all = Array.from({ length: i + 1 }, () => layer).flat();
    const lengths = [null, bucketElements(ranks)].map((bucket) => alignedElements(all, ranks, bucket));
    return { layers: i + 1, elements: Math.max(...lengths) - (i + 1) * own };
  });
  const hull = upperHull(padding);
  const at = hull.findIndex(({ layers }) => layers >= usual);
  const [from, to] = [hull[Math.max(0, at - 1)]!, hull[at]!];
  const perLayer = from === to ? 0 : (to.elements - from.elements) / (to.layers - from.layers);
  // The first point alone bounds nothing to its right.
  const beyond = padding.reduce((max, one) => Math.max(max, one.elements - perLayer * one.layers), 0);
  return { perLayer, fixed: beyond };
}

interface Point {
  readonly layers: number;
  readonly elements: number;
}

/** Of points from left to right, those that no straight line between two others passes above. */
function upperHull(points: readonly Point[]): Point[] {
  const hull: Point[] = [];
  for (const point of points) {
    while (hull.length > 1 && !isAbove(hull.at(-1)!, hull.at(-2)!, point)) hull.pop();
    hull.push(point);
  }
  return hull;
}

function isAbove(one: Point, left: Point, right: Point): boolean {
  const slope = (right.elements - left.elements) / (right.layers - left.layers);
  return one.elements > left.elements + slope * (one.layers - left.layers);
}
