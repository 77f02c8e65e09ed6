import type { Problem } from '../../domain/problem.ts';
import type { Candidate } from '../space/candidate.ts';
import { loosestOf, ofLayers, passingOf, stageLines } from './bounds.ts';
import type { CostBook } from './cost-book.ts';
import { cutsWithin } from './cut-within.ts';
import type { LayerRoom } from './layer-room.ts';
import { plainWay } from './ways.ts';

/** What is known of a chain as a pipeline by itself, beside others. */
export interface Alone {
  /** Seconds that follow its last backward: in which others may still work, and after all have reduced. */
  readonly after: { readonly reduce: number; readonly rest: number };
  /** Whether its ranks reduce among themselves, to shards. */
  readonly shards: boolean;
  readonly room: LayerRoom;
}

/**
 * Whether some cut of a chain by itself may do so many micro-batches of each replica, which take `pipeline` at least, and all that
 * follows them in a step of so many seconds.
 */
export function chainCuts(
  problem: Problem,
  book: CostBook,
  candidate: Candidate,
  { after, shards, room }: Alone,
): (microBatches: number, pipeline: number, step: number) => boolean {
  const { choice } = candidate;
  const costs = book.seconds(candidate);
  const loosest = loosestOf(problem, candidate);
  const lines = stageLines(candidate, costs, loosest.ends).map((run) =>
    run.map((one) => (shards ? one : { ...one, reduce: [] })),
  );
  const passing = passingOf(problem, candidate, costs, loosest);
  const asked = {
    ...ofLayers(problem, { candidate, costs, passing, lines }, loosest),
    ...{ first: after.reduce, rest: after.rest, alive: room.alive([choice]) },
  };
  return (microBatches, pipeline, step) =>
    cutsWithin({ ...asked, microBatches, pipeline })(
      plainWay(problem, costs, room.mostOf(choice, microBatches)),
      step * (1 + ROUNDING),
    );
}

const ROUNDING = 1e-9;
