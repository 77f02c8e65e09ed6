import type { Problem } from '../../domain/problem.ts';
import { type Candidate, withAll, withoutFewest } from '../space/candidate.ts';
import { loosestOf, lowerBound } from './bounds.ts';
import type { CostBook } from './cost-book.ts';
import { LayerRoom } from './layer-room.ts';
import { squeezeOf } from './squeeze.ts';
import { coveringWay } from './ways.ts';

/**
 * No plan of a candidate takes less, seconds: covering some layers is never faster than covering none, nor than what memory
 * makes it cover. A bound of `enough` is not sharpened.
 */
export function candidateBound(
  problem: Problem,
  book: CostBook,
  candidate: Candidate,
  enough = Number.POSITIVE_INFINITY,
  room = new LayerRoom(problem, book, candidate.layout),
): number {
  const least = withoutFewest(candidate);
  const plain = book.seconds(least);
  const most = enough < Number.POSITIVE_INFINITY ? room.most([candidate.choice]) : null;
  const alive = most === null ? null : room.alive([candidate.choice]);
  const sharpening = { enough, worst: enough, most, alive };
  const seconds = lowerBound(problem, least, plain, undefined, sharpening);
  if (candidate === least || seconds >= enough) return seconds;
  // Behind what is run again more of the end of a step hides: what covering takes is no more than beside that.
  const squeeze = squeezeOf(problem, book, least, withAll(candidate));
  const loosest = { ...loosestOf(problem, candidate), squeeze };
  const ways = most === null ? null : [coveringWay(problem, book, room, candidate)];
  return Math.max(seconds, lowerBound(problem, least, plain, loosest, { ...sharpening, ways }));
}
