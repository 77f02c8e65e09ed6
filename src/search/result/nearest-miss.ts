import type { ParallelDims } from '../../domain/parallel-dims.ts';
import { layersOf, type Plan, type Techniques } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { NearestMiss } from '../../domain/search-result.ts';
import { estimate, memoryVerdict } from '../../evaluate/estimate.ts';
import { planLaw } from '../../laws/plan.ts';
import { spread } from '../../plan-text/chunk-counts.ts';
import { TECHNIQUES } from '../../techniques/index.ts';
import { FULL_RECOMPUTE, recompute } from '../../techniques/recompute.ts';
import { zero } from '../../techniques/zero.ts';
import { candidateBound } from '../bound/candidate-bound.ts';
import type { CostBook } from '../bound/cost-book.ts';
import { evenCounts } from '../bound/even-counts.ts';
import { planFrom } from '../cut/plan-from.ts';
import { excessOf, type Miss, memoryReason } from '../run/misses.ts';
import { type Candidate, specFor } from '../space/candidate.ts';
import type { Choice } from '../space/choices.ts';
import type { SearchOptions } from '../space/options.ts';

const MOST_TRIED = 60;
/** Beside a plan that fits: what needs more than so many times the memory there is misses by far. */
const NEAR_MISS = 1.5;

/**
 * Of the configurations that memory rules out and that would be worth having (a value below `best`, that of the best plan less a tie) the one that misses
 * its limit by least, and not by far, layers spread evenly, with what would make it fit. Without a plan of them all.
 */
export function findNearestMiss(
  problem: Problem,
  misses: readonly Miss[],
  book: CostBook,
  { launcher, objective, allow }: Pick<SearchOptions, 'launcher' | 'objective' | 'allow'>,
  best = Number.POSITIVE_INFINITY,
): NearestMiss | null {
  const nearest = misses.filter(({ bound }) => bound < best).sort((a, b) => a.excess - b.excess);
  let found: { miss: NearestMiss; excess: number } | null = null;
  let tried = 0;
  for (const { candidate } of nearest) {
    if (tried >= MOST_TRIED) break;
    // That of a miss may be that of all its size.
    const seconds = candidateBound(problem, book, candidate);
    if (objective.bound(seconds, [candidate.layout]) >= best) continue;
    tried += 1;
    const chunks = candidate.layout.pp * candidate.choice.vpp;
    const counts =
      evenCounts(problem.model.layers.length, chunks) ?? spread(problem.model.layers.length, chunks);
    const plan = planFrom(problem, candidate, counts);
    if (launcher !== null && launcher.reject(problem, plan) !== null) continue;
    const outcome = estimate(problem, plan, book.profiles);
    if (outcome.verdict !== 'does-not-fit' || objective.value(plan, outcome) >= best) continue;
    const excess = excessOf(outcome);
    const most = best === Number.POSITIVE_INFINITY ? best : NEAR_MISS;
    if (excess >= (found?.excess ?? most)) continue;
    const remedy =
      remedyFor(problem, candidate, counts, book) ??
      leaveFor(
        problem,
        plan,
        specFor(problem, candidate, candidate.layout.runs[0]!).dims,
        { launcher, allow },
        book,
      ) ??
      shortBy(excess);
    found = { excess, miss: { plan, estimate: outcome, reason: memoryReason(problem, outcome), remedy } };
  }
  return found?.miss ?? null;
}

/** Tries the cheapest change first and says the first that fits. */
function remedyFor(
  problem: Problem,
  candidate: Candidate,
  counts: readonly number[],
  book: CostBook,
): string | null {
  const { layout, choice } = candidate;
  const fits = (changed: Choice) => {
    const plan = planFrom(problem, { layout, choice: changed }, counts);
    return (
      plan.pipelines[0]!.stages.every((stage) => layersOf(stage) > 0) &&
      memoryVerdict(problem, plan, book.profiles) !== 'does-not-fit'
    );
  };
  const { techniques } = choice;
  const sharded = { ...choice, techniques: zero.set(techniques, 1) };
  const smallest = { ...choice, microBatchSize: 1 };
  const recomputed = { ...choice, techniques: recompute.set(techniques, FULL_RECOMPUTE), fewest: null };
  const mayShard = zero.of(techniques) === 0 && layout.dp * layout.cp > 1;
  const changes: readonly (readonly [string, Choice])[] = [
    ...(mayShard ? [[`${zero.id}=1`, sharded] as const] : []),
    ['micro-batch=1', smallest],
    ['recompute=full', recomputed],
    ['micro-batch=1,recompute=full', { ...recomputed, microBatchSize: 1 }],
  ];
  for (const [name, changed] of changes) {
    if (JSON.stringify(changed) === JSON.stringify(choice)) continue;
    if (fits(changed)) return `fits with ${name}`;
  }
  return null;
}

/** Of what is tried only by leave of --allow, each alone and then all together: the first with which the plan fits and its launcher runs it. */
function leaveFor(
  problem: Problem,
  plan: Plan,
  dims: ParallelDims,
  { launcher, allow }: Pick<SearchOptions, 'launcher' | 'allow'>,
  book: CostBook,
): string | null {
  const leaves = TECHNIQUES.map(({ id, off, allowedAs, pricedAs, choices, price, set, format }) => {
    if (allowedAs === undefined || allow.includes(allowedAs) || choices === undefined) return [];
    // What costs convergence is nobody's remedy unasked.
    const unpriced = (value: unknown) =>
      pricedAs === undefined || allow.includes(pricedAs) || (price?.(value) ?? []).length === 0;
    return choices(problem, dims)
      .filter(unpriced)
      .flatMap((value) => {
        const added = (techniques: Techniques) => set(techniques, value);
        const law = planLaw(problem, { ...plan, techniques: added(plan.techniques) });
        return format(value) === format(off) || law !== null
          ? []
          : [{ allowedAs, words: `${id}=${format(value)}`, added }];
      });
  });
  // Of several values the last frees most.
  const most = leaves.flatMap((values) => values.slice(-1));
  for (const taken of [...leaves.flat().map((one) => [one]), most]) {
    const techniques = taken.reduce((all, one) => one.added(all), plan.techniques);
    const changed = { ...plan, techniques };
    if (taken.length === 0 || planLaw(problem, changed) !== null) continue;
    if (launcher !== null && launcher.reject(problem, changed) !== null) continue;
    if (memoryVerdict(problem, changed, book.profiles) === 'does-not-fit') continue;
    const names = [...new Set(taken.map(({ allowedAs }) => allowedAs))];
    return `fits with ${taken.map(({ words }) => words).join(',')}: maybe --allow ${names.join()}`;
  }
  return null;
}

function shortBy(excess: number): string {
  const short = Math.ceil(100 * (1 - 1 / excess));
  return `needs ${short}% less memory per GPU: more GPUs, or GPUs with more memory`;
}
