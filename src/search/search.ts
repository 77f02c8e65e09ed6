import { estimate } from '../cost/estimate.ts';
import { stageCosts } from '../cost/stage-costs.ts';
import type { ProfileCache } from '../cost/stage-profile.ts';
import type { Estimate } from '../domain/estimate.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { RankedPlan, SearchResult } from '../domain/search-result.ts';
import type { StageCosts } from '../domain/stage-cost.ts';
import { lowerBound, memoryMiss } from './bounds.ts';
import { evenSplit } from './even-split.ts';
import { configurationText } from './label.ts';
import { type Layout, layouts } from './layouts.ts';
import { findNearestMiss, type Miss } from './nearest-miss.ts';
import { DEFAULT_OPTIONS, type SearchOptions } from './options.ts';
import { type Candidate, partitionProblem, proofOf, type Realised, realise, settingsFor } from './realise.ts';
import { illegal } from './rules.ts';
import { type Switches, switches } from './switches.ts';
import { Tally } from './tally.ts';

/** One plan that was costed. */
export interface Evaluated {
  readonly candidate: Candidate;
  readonly realised: Realised;
  readonly estimate: Estimate;
}

/** Costs of stages, shared by everything one search asks. */
export class CostBook {
  readonly profiles: ProfileCache = new Map();
  private readonly stages = new Map<string, StageCosts[]>();
  private readonly problem: Problem;

  constructor(problem: Problem) {
    this.problem = problem;
  }

  /** Costs of each run of the candidate's layout. */
  of(candidate: Candidate): readonly StageCosts[] {
    const { layout, switches: s } = candidate;
    const { tp, cp, dp, ep, etp } = layout;
    const key = `${layout.runs.map((run) => run.group).join()}|${tp}|${cp}|${dp}|${ep}|${etp}|${layout.pp > 1}|${s.microBatch}|${s.virtualStages}|${s.recompute.mode}|${s.sharding}`;
    let costs = this.stages.get(key);
    if (costs === undefined) {
      const settings = settingsFor(candidate);
      costs = layout.runs.map(({ group }) =>
        stageCosts(
          this.problem,
          settings,
          { group, tensorParallel: tp, dataParallel: dp },
          layout.pp > 1,
          this.profiles,
        ),
      );
      this.stages.set(key, costs);
    }
    return costs;
  }
}

interface Bounded {
  readonly candidate: Candidate;
  readonly bound: number;
}

const CHECK_EVERY = 64;

/**
 * Finds the best plans. Every configuration is either rejected by a named rule, left aside because its lower bound is
 * no better than the worst plan kept, or costed by the one evaluator; the certificate counts them all.
 */
export function search(problem: Problem, given: Partial<SearchOptions> = {}): SearchResult {
  const options = { ...DEFAULT_OPTIONS, ...given };
  const book = new CostBook(problem);
  const tally = new Tally();
  const misses: Miss[] = [];
  const { bounded, space } = enumerate(problem, options, book, tally, misses);
  bounded.sort((a, b) => a.bound - b.bound);
  const kept: Evaluated[] = [];
  let evaluated = 0;
  let next = 0;
  let cutBy: string | null = null;
  for (; next < bounded.length; next++) {
    const { candidate, bound } = bounded[next]!;
    const worst = kept.length >= options.top ? kept.at(-1)!.estimate.stepSeconds : Number.POSITIVE_INFINITY;
    if (bound >= worst) break;
    if (next % CHECK_EVERY === 0) {
      cutBy = evaluated >= options.maxEvaluations ? 'max-evaluations' : options.interrupted();
      if (cutBy !== null) break;
      options.progress?.(evaluated, bounded.length - next, kept[0]?.estimate.stepSeconds ?? null);
    }
    const outcome = consider(problem, candidate, options, book);
    if ('rule' in outcome) {
      tally.add(outcome, () => configurationText(candidate));
      if (outcome.rule === 'memory') misses.push({ candidate, excess: 1 });
      continue;
    }
    if (outcome.estimate.verdict === 'does-not-fit') {
      const excess = Math.max(
        ...outcome.estimate.stages.map(({ memory }) => memory.deviceBytes / memory.limitBytes),
      );
      misses.push({ candidate, excess });
      tally.add(memoryReason(outcome.estimate), () => configurationText(candidate));
      continue;
    }
    evaluated += 1;
    insert(kept, outcome, options.top);
  }
  const left = bounded.length - next;
  const best = kept[0]?.estimate.stepSeconds ?? null;
  const proven = cutBy === null ? best : (bounded[next]?.bound ?? best);
  return {
    plans: kept.map((one, index) => ranked(one, index, kept[0]!)),
    evenSplit: evenSplit(problem, options, book),
    nearestMiss: findNearestMiss(problem, misses, book),
    certificate: {
      space,
      rejected: tally.list(),
      boundedAway: cutBy === null ? left : 0,
      evaluated,
      left: cutBy === null ? 0 : left,
      optimal: cutBy === null,
      gap: best === null || proven === null ? 0 : Math.max(0, (best - proven) / best),
      cutBy,
    },
  };
}

/** All configurations, those that break a rule or cannot fit counted and dropped, the rest with their bound. */
function enumerate(problem: Problem, options: SearchOptions, book: CostBook, tally: Tally, misses: Miss[]) {
  const bounded: Bounded[] = [];
  let space = 0;
  for (const layout of layouts(problem, options)) {
    const choices = switches(problem, layout, options);
    space += choices.length;
    const reason = illegal(problem, layout);
    if (reason !== null) {
      const example = choices[0];
      if (example !== undefined)
        tally.add(reason, () => configurationText({ layout, switches: example }), choices.length);
      continue;
    }
    for (const choice of choices) add({ layout, switches: choice });
  }
  return { bounded, space };

  function add(candidate: Candidate): void {
    const late = scheduleMisfit(problem, candidate.layout, candidate.switches);
    if (late !== null) {
      tally.add(late, () => configurationText(candidate));
      return;
    }
    const costs = book.of(candidate);
    const miss = memoryMiss(partitionProblem(problem, candidate, costs));
    if (miss !== null) {
      tally.add(miss.reason, () => configurationText(candidate));
      remember(misses, { candidate, excess: miss.excess });
      return;
    }
    bounded.push({ candidate, bound: lowerBound(problem, candidate, costs) });
  }
}

const MISSES_KEPT = 500;

/** Keeps the least misses, in bounded space. */
function remember(misses: Miss[], miss: Miss): void {
  misses.push(miss);
  if (misses.length < 4 * MISSES_KEPT) return;
  misses.sort((a, b) => a.excess - b.excess);
  misses.length = MISSES_KEPT;
}

function scheduleMisfit(problem: Problem, layout: Layout, choice: Switches): Reason | null {
  const microBatches = problem.workload.globalBatchSize / (layout.dp * choice.microBatch);
  if (choice.virtualStages > 1 && microBatches < layout.pp) {
    return {
      rule: 'schedule-micro-batches',
      actual: `${microBatches} micro-batches`,
      limit: `at least pp=${layout.pp} for interleaving`,
    };
  }
  return null;
}

function consider(
  problem: Problem,
  candidate: Candidate,
  options: SearchOptions,
  book: CostBook,
): Evaluated | Reason {
  const realised = realise(problem, candidate, book.of(candidate));
  if ('rule' in realised) return realised;
  const refusal = options.launcher?.reject(problem, realised.plan) ?? null;
  if (refusal !== null) return refusal;
  return { candidate, realised, estimate: estimate(problem, realised.plan, book.profiles) };
}

export function memoryReason({ stages }: Estimate): Reason {
  const { memory, stage } = stages.reduce((a, b) =>
    b.memory.deviceBytes / b.memory.limitBytes > a.memory.deviceBytes / a.memory.limitBytes ? b : a,
  );
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return {
    rule: 'memory',
    actual: `${gib(memory.deviceBytes)} on stage ${stage}`,
    limit: gib(memory.limitBytes),
  };
}

/** Keeps the `top` fastest, one for each layout and switch that matter; ties go to the simpler plan. */
function insert(kept: Evaluated[], one: Evaluated, top: number): void {
  kept.push(one);
  kept.sort((a, b) => a.estimate.stepSeconds - b.estimate.stepSeconds || complexity(a) - complexity(b));
  if (kept.length > top) kept.pop();
}

function complexity({ candidate: { layout, switches: s } }: Evaluated): number {
  return layout.tp * 8 + layout.cp * 4 + layout.pp * 2 + s.virtualStages + s.sharding / 4 + s.microBatch / 64;
}

/** Differences below this share are noise between two plans of one model on one cluster. */
const TIE = 0.02;

function ranked(one: Evaluated, index: number, best: Evaluated): RankedPlan {
  const slower = one.estimate.stepSeconds / best.estimate.stepSeconds - 1;
  return {
    rank: index + 1,
    plan: one.realised.plan as Plan,
    estimate: one.estimate,
    family: one.candidate.layout.family,
    tiedWithBest: slower <= Math.min(TIE, one.estimate.band),
    partition: proofOf(one.realised),
  };
}
