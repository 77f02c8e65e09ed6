import type { Problem } from '../../domain/problem.ts';
import { type Owned, plus } from '../../evaluate/memory/owned.ts';
import { ownedAtEnds } from '../../evaluate/memory/owned-by-stage.ts';
import { type StageProfile, stageProfile } from '../../evaluate/stage-profile.ts';
import { keepsShards } from '../../evaluate/time/across-pipelines.ts';
import { coefficients } from '../../hardware/coefficients.ts';
import { collectiveSeconds } from '../../hardware/collective.ts';
import { type Span, spanAcross, spanOfRuns } from '../../hardware/span.ts';
import { outerOf } from '../../techniques/index.ts';
import { gradientBytes } from '../../techniques/sharded-traffic.ts';
import { zero } from '../../techniques/zero.ts';
import { type Candidate, specFor } from '../space/candidate.ts';
import { combinations, type Layout, type Serving } from '../space/frame.ts';
import type { CostBook } from './cost-book.ts';
import { kindCounts } from './kind-counts.ts';

/**
 * Seconds that unlike pipelines take at least to average their gradients. Layers are sent in the shares of the pipeline that has
 * the largest; of the one with fewest stages the stage with most to send has the mean of all at least; all goes at the rate of the
 * best way between any of their groups. Pipelines of one depth may turn out to be one, which has more ranks to share its states; those
 * that train apart average none.
 */
export function leastAcross(problem: Problem, book: CostBook, candidates: readonly Candidate[]): number {
  if (outerOf(candidates[0]!.choice.techniques) !== null) return 0;
  const first = new Map<number, number>();
  for (const [i, { layout }] of candidates.entries()) if (!first.has(layout.pp)) first.set(layout.pp, i);
  if (first.size === 1) return 0;
  const sharded = zero.of(candidates[0]!.choice.techniques) > 0;
  const sent = candidates.map((candidate) => sentBy(book, candidate));
  const bytes = sent.map((one, i) => {
    if (!sharded) return one.bytes;
    const alike = sent.filter((_, j) => candidates[j]!.layout.pp === candidates[i]!.layout.pp);
    return one.bytes / alike.reduce((sum, { ranks }) => sum + ranks, 0);
  });
  const secondsAt = (asShards: boolean) => {
    const members = asShards ? [...first.values()].map((i) => candidates[i]!) : candidates;
    const ways = combinations(members.map(({ layout }) => layout.runs));
    return Math.min(...ways.map((runs) => secondsPerByte(problem, members, runs, asShards)));
  };
  // A pipeline alone with its states has a ring of copies, or one of shards, as the first of all has them.
  const seconds = Math.min(
    sharded ? secondsAt(true) : Number.POSITIVE_INFINITY,
    !sharded || sent.some(({ ranks }) => ranks === 1) ? secondsAt(false) : Number.POSITIVE_INFINITY,
  );
  return (Math.max(...bytes) / Math.min(...first.keys())) * seconds;
}

/** Of all stages of a chain together, at least, and the ranks that share out those of each. */
interface Sent {
  readonly bytes: number;
  readonly ranks: number;
}

/** What a GPU of a chain sends depends on its choice by techniques alone: the best known are those of the last one asked. */
const known = new WeakMap<Layout, { readonly techniques: object; readonly sent: Sent }>();

function sentBy(book: CostBook, candidate: Candidate): Sent {
  const { layout, choice } = candidate;
  const before = known.get(layout);
  if (before !== undefined && before.techniques === choice.techniques) return before.sent;
  const { problem, profiles } = book;
  const runs = layout.runs.map((run): Sent => {
    const profile = stageProfile(problem, specFor(problem, candidate, run), profiles);
    return {
      bytes: gradientBytes(problem) * trained(problem, profile),
      ranks: keepsShards(profile.context) ? profile.context.groups.gradient.size : 1,
    };
  });
  const sent = {
    bytes: Math.min(...runs.map(({ bytes }) => bytes)),
    ranks: Math.max(...runs.map(({ ranks }) => ranks)),
  };
  known.set(layout, { techniques: choice.techniques, sent });
  return sent;
}

/** Dense parameters of all layers and both ends, on one GPU. */
function trained(problem: Problem, profile: StageProfile): number {
  let all: Owned = ownedAtEnds(profile, { embedding: 0, head: null });
  all = plus(all, ownedAtEnds(profile, { embedding: null, head: 0 }));
  for (const [kind, count] of kindCounts(problem).entries())
    all = plus(all, profile.layers[0]![kind]!.memory.owned, count);
  return all.trained.dense;
}

function secondsPerByte(
  problem: Problem,
  candidates: readonly Candidate[],
  runs: readonly Serving[],
  sharded: boolean,
): number {
  const c = coefficients(problem.coefficients);
  const span = sharded
    ? spanOfShards(problem, candidates[0]!, runs)
    : spanOfCopies(problem, candidates, runs);
  const slope = (bytes: number) =>
    (collectiveSeconds(span, 'allReduce', 2 * bytes, c) - collectiveSeconds(span, 'allReduce', bytes, c)) /
    bytes;
  return Math.min(slope(1), slope(2 ** 30));
}

function spanOfShards({ cluster }: Problem, { layout }: Candidate, runs: readonly Serving[]): Span {
  return spanAcross(
    cluster,
    runs.map(({ group }) => group),
    layout.dp * layout.cp * runs[0]!.tp,
  );
}

function spanOfCopies(
  { cluster }: Problem,
  candidates: readonly Candidate[],
  runs: readonly Serving[],
): Span {
  const members = runs.map(({ group, tp }, i) => ({
    firstDevice: cluster.groups[group]!.firstDevice,
    stride: tp,
    size: candidates[i]!.layout.dp * candidates[i]!.layout.cp,
  }));
  return spanOfRuns(cluster, members);
}
