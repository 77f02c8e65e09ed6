import type { Cluster } from '../domain/cluster.ts';
import { combinations } from './space/frame.ts';

/** More steps than this are thinned out: each is a search. */
const MOST_SIZES = 16;
/** Of more groups than this only those are boundaries where groups are added in the order of the file. */
const MOST_SUBSETS = 4;
/** Steps within a doubling: all, quarters, halves, none. */
const PARTS = [Number.POSITIVE_INFINITY, 4, 2, 1];

/**
 * Numbers of GPUs from `from` to `to`, both among them, that are whole nodes: all of them where they are few, else fewer of each
 * doubling; and wherever whole groups end, so that none is taken in part there.
 */
export function sizesBetween(cluster: Cluster, from: number, to: number): number[] {
  const inside = (sizes: readonly number[]) => sizes.filter((size) => size > from && size < to);
  const steps = PARTS.map((parts) => inside(stepsOf(cluster, to, parts)));
  const some = steps.find((sizes) => sizes.length <= MOST_SIZES - 2) ?? steps.at(-1)!;
  const ends = inside(groupEnds(cluster));
  const few = ends.length <= MOST_SIZES ? ends : [];
  return [...new Set([from, ...some, ...few, to])].sort((a, b) => a - b);
}

/** Whole nodes in the units of the smallest one, but within one node: its GPUs, doubling. */
function stepsOf({ groups }: Cluster, to: number, parts: number): number[] {
  const node = Math.min(...groups.map(({ gpusPerNode }) => gpusPerNode));
  const within: number[] = [];
  for (let n = 1; n < node; n *= 2) within.push(n);
  return [...within, ...counts(to / node, parts).map((nodes) => nodes * node)];
}

/** Whole numbers from `from` to `to`, both among them: all where they are few, else fewer of each doubling. */
export function countsBetween(from: number, to: number): number[] {
  const inside = PARTS.map((parts) => counts(to, parts).filter((count) => count > from && count < to));
  const some = inside.find((found) => found.length <= MOST_SIZES - 2) ?? inside.at(-1)!;
  return [...new Set([from, ...some, to])];
}

/** From one, below `end`. */
function counts(end: number, parts: number): number[] {
  const found: number[] = [];
  for (let count = 1; count < end; count += step(count, parts)) found.push(count);
  return found;
}

/** 4, 5, 6, 7, 8, 10, 12, 14, 16, 20 … with four parts of each doubling. */
function step(count: number, parts: number): number {
  return Math.max(1, 2 ** Math.floor(Math.log2(count)) / parts);
}

/** GPUs of whole groups together, all ways. */
function groupEnds({ groups }: Cluster): number[] {
  const sizes = groups.map(({ nodes, gpusPerNode }) => nodes * gpusPerNode);
  if (sizes.length > MOST_SUBSETS) return sizes.map((_, i) => sum(sizes.slice(0, i + 1)));
  return combinations(sizes.map((size) => [0, size])).map(sum);
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a + b, 0);
}
