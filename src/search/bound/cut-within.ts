import type { Need, StageNeeds } from './stage-needs.ts';
import type { Pass, Way } from './ways.ts';

/** What cuts of a candidate are asked for. Of one kind of layer. */
export interface Asked {
  readonly microBatches: number;
  readonly layers: number;
  /** Layers of each stage at least. */
  readonly fewest: number;
  readonly stages: readonly StageNeeds[];
  /** Of a layer at least, by run: forward and backward, of which the share `ramp` lies on the way of a micro-batch to later stages. */
  readonly seconds: readonly number[];
  readonly ramp: number;
  /** And on its way there alone, forward. */
  readonly there: readonly number[];
  /** Micro-batches that each stage has alive at most, where stages of one chunk each work on whole backwards; null: elsewhere. */
  readonly alive: readonly number[] | null;
  /** What the first stage reduces after the last of all backwards. */
  readonly first: number;
  /** Up to the last backward, and after all gradients are reduced: at least. */
  readonly pipeline: number;
  readonly rest: number;
}

/** Ways to share a step out between what comes before and after the last of all reductions. */
const SHARES = 8;
/** Of a layer: what rounding may take away. */
const ROUNDING = 1e-6;

/**
 * Whether some cut may take no more than so many seconds: a lower bound asks each part of a step for its own best cut, this all of
 * them for one. With E up to the last backward, R up to the last reduction and Q after it, stage s takes n_s layers at most: by
 * M·(f_s + n_s·c_s) + Σ_{i<s} r_i·n_i·c_i ≤ E, by the same with forwards before it and what it reduces ≤ R, by what it gathers
 * and updates ≤ Q, and by its memory; L − n_s − Σ_{j>s} n_j come before it at least, on the fastest stages as far as these have
 * room. All of them together take L.
 *
 * A stage that has α_s micro-batches alive at most waits for the first to come back from later stages, with α_s − 1 forwards to do
 * meanwhile, and after its last forward for the last, with as many backwards: where M > α_s, M·t_s + Σ_{i<s} t_i + 2·Σ_{i>s} t_i − (α_s − 1)·t_s ≤ E.
 */
export function cutsWithin(asked: Asked): (way: Way, seconds: number) => boolean {
  const { microBatches, layers, fewest, stages, seconds, ramp, alive, first, pipeline, rest } = asked;
  const back = fastestFirst(seconds.map((each, run) => ({ run, after: false, seconds: ramp * each })));
  const there = fastestFirst(asked.there.map((each, run) => ({ run, after: false, seconds: each })));
  const around = fastestFirst(
    seconds.flatMap((each, run) => [
      { run, after: false, seconds: each },
      { run, after: true, seconds: 2 * each },
    ]),
  );
  /** Layers that each stage takes at most, whatever the others do; those of its run before it; and of each run. */
  const alone = new Array<number>(stages.length);
  const upTo = new Array<number>(stages.length);
  const ofRuns = new Array<number>(seconds.length);

  const passOf = (s: number, pass: Pass): Need => {
    const { run, beside } = stages[s]!;
    return {
      perLayer: microBatches * pass.secondsPerLayer[run]!,
      fixed: microBatches * (beside + pass.fixed[run]!),
    };
  };
  const aloneOf = (s: number, pass: Pass, end: number, after: number): number => {
    const { reduce, rest: updating } = stages[s]!;
    const passes = passOf(s, pass);
    let own = Math.min(pass.most(s), layersIn(passes, end - first));
    for (const need of reduce) own = Math.min(own, layersIn(both(passes, need), end));
    for (const need of updating) own = Math.min(own, layersIn(need, after));
    return Math.floor(Math.min(layers, own) + ROUNDING);
  };
  /** Seconds of so many layers on these sides of a stage, at least; infinite where they have no room. */
  const least = (sides: readonly Side[], s: number, count: number): number => {
    const { run: own } = stages[s]!;
    let left = count;
    let sum = 0;
    for (const { run, after, seconds: each } of sides) {
      if (left <= 0) break;
      const later = run > own;
      let room = later === after ? ofRuns[run]! : 0;
      if (run === own) room = after ? ofRuns[run]! - upTo[s]! - alone[s]! : upTo[s]!;
      const taken = Math.min(left, room);
      sum += taken * each;
      left -= taken;
    }
    return left > 0 ? Number.POSITIVE_INFINITY : sum;
  };
  /** Layers that a stage takes at most, as many as `others` being left. */
  const ownOf = (s: number, pass: Pass, others: number, end: number, after: number): number => {
    const { reduce } = stages[s]!;
    const { perLayer, fixed } = passOf(s, pass);
    const turns = alive === null ? 0 : Math.max(0, microBatches - alive[s]!);
    const turned = turns > 0 ? (turns + 1) / microBatches : 0;
    let own = aloneOf(s, pass, end, after);
    while (own >= 0) {
      const taken = fixed + own * perLayer;
      const earlier = Math.max(0, others - own);
      let over = taken + least(back, s, earlier) - (end - first);
      if (over <= 0 && turned > 0)
        over = (turned * taken + least(around, s, layers - own) - (end - first)) / turned;
      if (over <= 0 && reduce.length > 0) {
        const forward = least(there, s, earlier);
        for (const need of reduce) {
          const each = perLayer + need.perLayer;
          const reduced = taken + need.fixed + own * need.perLayer + forward - end;
          // Of several kinds the least of each may hide more than it takes.
          if (each > 0) over = Math.max(over, (reduced * perLayer) / each);
        }
      }
      if (over <= 0) break;
      // With a layer less it takes that layer's time less at most.
      own -= Math.max(1, Math.floor(over / perLayer));
    }
    return own;
  };
  const within = ({ passes }: Way, end: number, after: number): boolean => {
    let all = 0;
    ofRuns.fill(0);
    for (const [s, { run }] of stages.entries()) {
      let most = -1;
      for (const pass of passes) most = Math.max(most, aloneOf(s, pass, end, after));
      if (most < fewest) return false;
      alone[s] = most;
      upTo[s] = ofRuns[run]!;
      ofRuns[run]! += most;
      all += most;
    }
    if (all < layers) return false;
    let taken = 0;
    for (let s = stages.length - 1; s >= 0; s--) {
      let own = -1;
      for (const pass of passes) own = Math.max(own, ownOf(s, pass, layers - taken, end, after));
      if (own < fewest) return false;
      taken = Math.min(taken + own, layers - s * fewest);
    }
    return taken >= layers;
  };
  const ends = stages.some((stage) => stage.reduce.length + stage.rest.length > 0);
  return function some(way, most): boolean {
    const spare = most - pipeline - first - rest;
    if (spare < 0) return false;
    /** Whether some share from `low` to `high` of what is spare may come after the last reduction. */
    const shared = (low: number, high: number): boolean => {
      if (!within(way, most - rest - (spare * low) / SHARES, rest + (spare * high) / SHARES)) return false;
      if (!ends || high - low === 1) return true;
      const middle = (low + high) >> 1;
      return shared(low, middle) || shared(middle, high);
    };
    return shared(0, SHARES) && (way.narrower?.().some((one) => some(one, most)) ?? true);
  };
}

/** Layers of a run before a stage or after it, and seconds of each. */
interface Side {
  readonly run: number;
  readonly after: boolean;
  readonly seconds: number;
}

function fastestFirst(sides: readonly Side[]): Side[] {
  return [...sides].sort((a, b) => a.seconds - b.seconds);
}

function both(one: Need, other: Need): Need {
  return { perLayer: one.perLayer + other.perLayer, fixed: one.fixed + other.fixed };
}

/** Layers n with fixed + perLayer·n ≤ seconds, at most; −1 where there is no such n. */
function layersIn({ perLayer, fixed }: Need, seconds: number): number {
  if (perLayer < 0) return Number.POSITIVE_INFINITY;
  if (seconds < fixed) return -1;
  return perLayer > 0 ? (seconds - fixed) / perLayer : Number.POSITIVE_INFINITY;
}
