import { deviceCount } from '../domain/cluster.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { RankedPlan, SearchResult } from '../domain/search-result.ts';
import { TIE } from '../domain/tie.ts';
import { restsOnUnmeasured, unmeasuredGroups } from '../evaluate/measured/unmeasured.ts';
import { bookFor } from './bound/book-for.ts';
import { tied } from './ranked-anew.ts';
import { evenSplit } from './result/even-split.ts';
import { findNearestMiss } from './result/nearest-miss.ts';
import { proofOf } from './result/proof.ts';
import { Agenda } from './run/agenda.ts';
import type { Entry } from './run/entry.ts';
import { settled } from './run/evaluated.ts';
import { finished } from './run/finished.ts';
import { byValue, type Evaluated, insert, listedOf, SETTLED_GAIN } from './run/kept.ts';
import { remember } from './run/misses.ts';
import { type Findings, type Refined, work } from './run/open.ts';
import { progressOf } from './run/progress.ts';
import { queueOf } from './run/queue.ts';
import type { Round, RoundOutcome } from './run/round.ts';
import { joined, newRun, type Run, worstKept } from './run/run.ts';
import { DEFAULT_OPTIONS, type SearchOptions } from './space/options.ts';

/** What a search found, and the entries in which its launcher refused something: all that a search without it has to look at again. */
export interface Searched {
  readonly result: SearchResult;
  readonly refused: readonly Entry[];
}

/**
 * Finds the best plans. Every configuration is either rejected by a named rule, left aside because a lower bound of its
 * own or of its frame is no better than the worst plan kept (or than the last one listed under the best of its layout), or
 * costed by the one evaluator; the certificate counts all.
 */
export function search(
  problem: Problem,
  given: Partial<SearchOptions> = {},
  queue?: readonly Entry[],
): SearchResult {
  return finished(searchSteps(problem, given, queue)).result;
}

/** The same search, pausing after each entry so that a caller can draw breath: handle a signal, show progress. */
export function* searchSteps(
  problem: Problem,
  given: Partial<SearchOptions> = {},
  queue?: readonly Entry[],
): Generator<void, Searched, void> {
  const options = { ...DEFAULT_OPTIONS, ...given };
  const book = bookFor(problem);
  const rounds = searchRounds(problem, given, book, queue);
  let step = rounds.next();
  while (step.done !== true) {
    const { queue: known, parts } = step.value;
    const findings: (Findings | Refined)[] = [];
    let cutBy: string | null = null;
    for (const part of parts) {
      cutBy = options.interrupted();
      if (cutBy !== null) break;
      findings.push(work(problem, options, book, known[part.entry]!, part, step.value));
      yield;
    }
    step = rounds.next({ findings, cutBy });
  }
  return step.value;
}

/** A value known to be reached is that of a plan whose layers were settled: before, it may have been a little larger. */
function settling(options: SearchOptions): SearchOptions {
  return { ...options, threshold: options.threshold * SETTLED_GAIN };
}

/** Entries to open in a round: few at first, while the threshold still falls. */
const LARGEST_ROUND = 32;

/** The search as rounds of entries for somebody else to open. */
export function* searchRounds(
  problem: Problem,
  given: Partial<SearchOptions>,
  book = bookFor(problem),
  queue: readonly Entry[] = queueOf(problem, { ...DEFAULT_OPTIONS, ...given }),
): Generator<Round, Searched, RoundOutcome> {
  const options = settling({ ...DEFAULT_OPTIONS, ...given });
  const run = newRun(problem, options, book);
  const space = queue.reduce((sum, { count }) => sum + count, 0);
  const excluded = options.launcher?.excludes?.(problem) ?? null;
  if (excluded !== null) {
    run.tally.add(excluded, () => 'any configuration', space);
    const result = resultOf(run, new Agenda([], false), null, space);
    return {
      result: { ...result, excluded: { by: options.launcher!.id, reason: excluded } },
      refused: queue,
    };
  }
  // Nothing bounds the memory of a plan before it is costed.
  const agenda = new Agenda(queue, !options.exhaustive && options.objective.id !== 'memory');
  const refused = new Set<number>();
  let cutBy: string | null = null;
  let size = 1;
  while (cutBy === null) {
    const threshold = worstKept(run);
    if (agenda.least >= threshold) break;
    if (run.evaluated >= options.maxEvaluations) {
      cutBy = 'max-evaluations';
      break;
    }
    const batch = agenda.next(threshold, size);
    if (batch === null) break;
    options.progress?.(progressOf(run, queue, agenda.least, threshold));
    const outcome = yield { ...batch, queue, threshold, listed: listedOf(run.kept) };
    for (const [i, part] of batch.parts.entries()) {
      const found = outcome.findings[i];
      if (found === undefined) agenda.add(part);
      else if ('bound' in found) agenda.add({ ...part, bound: found.bound });
      else {
        merge(run, found);
        if (found.refused) refused.add(part.entry);
        if (found.rest !== null) agenda.add({ ...found.rest, entry: part.entry });
      }
    }
    // An entry may have been stopped in the middle.
    cutBy = outcome.cutBy ?? (run.left > 0 ? options.interrupted() : null);
    if (batch.task === 'open') size = Math.min(LARGEST_ROUND, 2 * size);
  }
  return {
    result: resultOf(run, agenda, cutBy, space),
    refused: queue.filter((_, entry) => refused.has(entry)),
  };
}

function merge(run: Run, found: Findings): void {
  const { kept, rejected, misses, boundedAway, evaluated, left, unproven } = found;
  for (const one of kept) insert(run.kept, one, run.options);
  for (const { count, example } of rejected)
    run.tally.add(example.reason, () => example.configuration, count);
  for (const miss of misses) remember(run.misses, miss);
  run.boundedAway += boundedAway;
  run.evaluated += evaluated;
  run.left += left;
  run.unproven = joined(run.unproven, unproven);
}

function resultOf(run: Run, agenda: Agenda, cutBy: string | null, space: number): SearchResult {
  const { problem, options, book } = run;
  const kept = run.kept.map((one) => settled(run, one)).sort(byValue);
  const rest = agenda.count;
  const even = options.plansAlone ? NOT_ASKED : evenSplit(problem, options, book);
  // A search that was cut may not have come to it; and what is printed beside the best plan is no better.
  const allowed = deviceCount(problem.cluster) <= options.maxGpus && options.avoid.length === 0;
  const better = !('rule' in even) && even.value < (kept[0]?.value ?? Number.POSITIVE_INFINITY);
  if (allowed && !('rule' in even) && (cutBy !== null || better)) insert(kept, even, options);
  const best = kept[0]?.value ?? null;
  const searched = cutBy === null || rest === 0 ? best : agenda.least;
  // A cut that is not the best matters only where a better one could have won.
  const open = run.unproven.bound < (best ?? Number.POSITIVE_INFINITY);
  const proven = searched === null || !open ? searched : Math.min(searched, run.unproven.bound);
  const plans = kept.map((one, index) => ranked(run, kept, one, index));
  const measured = bestMeasured(run, plans);
  return {
    plans: measured === null ? plans : withFirst(measured.plans[0]!, plans, options),
    evenSplit:
      'rule' in even ? even : { ...ranked(run, kept, even, 0), tiedWithBest: false, partition: null },
    nearestMiss: options.plansAlone
      ? null
      : findNearestMiss(problem, run.misses, book, options, best === null ? undefined : best / (1 + TIE)),
    certificate: {
      space,
      rejected: run.tally.list(),
      boundedAway: run.boundedAway + (cutBy === null ? rest : 0),
      evaluated: run.evaluated,
      left: cutBy === null ? 0 : rest + run.left,
      unproven: open ? run.unproven.count : 0,
      optimal: cutBy === null && !open && measured?.certificate.optimal !== false,
      gap: best === null || proven === null ? null : Math.max(0, (best - proven) / best),
      cutBy: cutBy ?? measured?.certificate.cutBy ?? null,
      ...(measured === null ? {} : { gap: measured.certificate.gap }),
    },
  };
}

/** What a user would run otherwise, by itself. */
export function evenSplitOf(problem: Problem, given: Partial<SearchOptions>): RankedPlan | Reason {
  const options = { ...DEFAULT_OPTIONS, ...given, plansAlone: true };
  const book = bookFor(problem);
  const even = evenSplit(problem, options, book);
  if ('rule' in even) return even;
  const { tiedWithBest: _, ...one } = ranked(newRun(problem, options, book), [], even, 0);
  return { ...one, tiedWithBest: false };
}

const NOT_ASKED = { rule: 'even-split', actual: 'not asked for', limit: 'a search of its own' };

/** Where the best plan rests on groups that a profile has nothing of, beside others that it has: the best without them. */
function bestMeasured({ problem, options }: Run, [best]: readonly RankedPlan[]): SearchResult | null {
  if (best === undefined || !restsOnUnmeasured(problem, best.plan)) return null;
  const avoid = [...new Set([...options.avoid, ...unmeasuredGroups(problem)])];
  const found = search(problem, { ...options, avoid, top: 1, ties: 0, threshold: Number.POSITIVE_INFINITY });
  return found.plans.length > 0 ? found : null;
}

/** The ranking with another plan in first place, those that are better by estimate after it. */
function withFirst(
  first: RankedPlan,
  plans: readonly RankedPlan[],
  { objective, top, ties }: SearchOptions,
): RankedPlan[] {
  const key = ({ plan }: RankedPlan) => JSON.stringify(plan);
  const others = plans.filter((one) => key(one) !== key(first)).slice(0, top + ties - 1);
  const value = (one: RankedPlan) => objective.value(one.plan, one.estimate);
  return [
    first,
    ...others.map((one, i) => ({
      ...one,
      rank: i + 2,
      tiedWithBest: value(one) >= value(first) && tied(value(one), value(first), one.estimate),
    })),
  ];
}

function ranked(
  { problem, options, book }: Run,
  kept: readonly Evaluated[],
  one: Evaluated,
  index: number,
): RankedPlan {
  // Beyond the worst plan kept it is chance which variants were looked at.
  const worst = kept.length < options.top ? Number.POSITIVE_INFINITY : kept[options.top - 1]!.value;
  const variants = (one.folded ?? []).filter(({ value }) => value <= worst);
  return {
    rank: index + 1,
    plan: one.realised.plan as Plan,
    estimate: one.estimate,
    family: one.family,
    tiedWithBest: tied(one.value, kept[0]?.value ?? one.value, one.estimate),
    variants: variants.map(({ realised, estimate }) => ({
      plan: realised.plan,
      stepSeconds: estimate.stepSeconds,
    })),
    partition: options.plansAlone ? null : proofOf(problem, one, book),
  };
}
