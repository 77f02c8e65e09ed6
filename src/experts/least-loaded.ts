import { imbalanceOf, type Loads, rankLoads, sum } from './loads.ts';

/** λ, α and m of the paper. */
export interface LeastLoadedRule {
  /** Rank loads below so many times their mean are left as they are. */
  readonly threshold: number;
  /** Tokens that a rank takes at most, over the mean. */
  readonly capacity: number;
  /** Fewer tokens of an expert are not moved where another rank can take more. */
  readonly least: number;
}

/** As the published table has them. */
export const LEAST_LOADED: LeastLoadedRule = { threshold: 1.3, capacity: 1, least: 1024 };

/** Tokens of an expert that a rank works on. */
interface Piece {
  readonly expert: number;
  readonly rank: number;
  readonly tokens: number;
}

interface Assigned {
  /** Tokens of each rank. */
  readonly loads: readonly number[];
  /** What is worked on away from home: the weights of its expert are sent there. */
  readonly spilled: readonly Piece[];
}

/**
 * Experts by falling load, each at home as far as its rank has room beside the experts still to come there, the rest in pieces to the
 * ranks that have least (Least-Loaded Expert Parallelism, arXiv 2601.17111, algorithms 1 to 4).
 */
export function leastLoaded(loads: Loads, ranks: number, rule: LeastLoadedRule = LEAST_LOADED): Assigned {
  const home = rankLoads(loads, ranks);
  if (imbalanceOf(home) < rule.threshold) return { loads: home, spilled: [] };
  const each = loads.length / ranks;
  const most = (rule.capacity * sum(loads)) / ranks;
  const taken = new Array<number>(ranks).fill(0);
  const pending = [...home];
  const spilled: Piece[] = [];
  const order = loads.map((_, expert) => expert).sort((a, b) => loads[b]! - loads[a]! || a - b);
  for (const expert of order) {
    const own = Math.floor(expert / each);
    let left = loads[expert]!;
    pending[own]! -= left;
    const stays = Math.max(0, Math.min(left, most - taken[own]! - pending[own]!));
    taken[own]! += stays;
    left -= stays;
    while (left > NOTHING) {
      const piece = nextPiece(left, own, most, rule.least, taken, pending);
      taken[piece.rank]! += piece.tokens;
      left -= piece.tokens;
      spilled.push({ expert, ...piece });
    }
  }
  return { loads: taken, spilled };
}

/** Of a token, what rounding leaves. */
const NOTHING = 1e-6;

/** To the rank with least that can take enough of it; all of it to the one with least where none can. */
function nextPiece(
  left: number,
  own: number,
  most: number,
  least: number,
  taken: readonly number[],
  pending: readonly number[],
): Omit<Piece, 'expert'> {
  const load = (rank: number) => taken[rank]! + pending[rank]!;
  const others = taken
    .map((_, rank) => rank)
    .filter((rank) => rank !== own)
    .sort((a, b) => load(a) - load(b) || a - b);
  for (const rank of others) {
    const tokens = Math.min(left, most - load(rank));
    if (tokens > NOTHING && (tokens >= least || tokens === left)) return { rank, tokens };
  }
  return { rank: others[0]!, tokens: left };
}
