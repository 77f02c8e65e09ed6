import { estimate } from '../cost/estimate.ts';
import { stageCosts } from '../cost/stage-costs.ts';
import { profileCache } from '../cost/stage-profile.ts';
import type { Estimate } from '../domain/estimate.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { RankedPlan, SearchResult } from '../domain/search-result.ts';
import type { StageCosts } from '../domain/stage-cost.ts';
import { frameBound, lowerBound, memoryMiss } from './bounds.ts';
import { evenSplit } from './even-split.ts';
import { configurationText } from './label.ts';
import { type Frame, frames, type Layout, layoutsOf } from './layouts.ts';
import { findNearestMiss, type Miss } from './nearest-miss.ts';
import { DEFAULT_OPTIONS, type SearchOptions } from './options.ts';
import { type Candidate, proofOf, type Realised, realise, settingsFor } from './realise.ts';
import { illegal } from './rules.ts';
import { type Switches, switches } from './switches.ts';
import { Tally } from './tally.ts';

/** One plan that was costed. */
export interface Evaluated {
  readonly candidate: Candidate;
  readonly realised: Realised;
  readonly estimate: Estimate;
}

/** Costs of stages, shared by everything one search asks; forgets when it grows large. */
export class CostBook {
  readonly profiles = profileCache();
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
      if (this.stages.size > MOST_REMEMBERED) this.stages.clear();
      const settings = settingsFor(candidate);
      costs = layout.runs.map(({ group }) => {
        const shape = { group, tensorParallel: tp, dataParallel: dp };
        return stageCosts(this.problem, settings, shape, layout.pp > 1, this.profiles);
      });
      this.stages.set(key, costs);
    }
    return costs;
  }
}

const MOST_REMEMBERED = 20_000;

/**
 * Finds the best plans. Every configuration is either rejected by a named rule, left aside because a lower bound of its
 * own or of its frame is no better than the worst plan kept, or costed by the one evaluator; the certificate counts all.
 */
export function search(problem: Problem, given: Partial<SearchOptions> = {}): SearchResult {
  const options = { ...DEFAULT_OPTIONS, ...given };
  const book = new CostBook(problem);
  const run: Run = {
    problem,
    options,
    book,
    tally: new Tally(),
    misses: [],
    kept: [],
    boundedAway: 0,
    evaluated: 0,
  };
  const queue = [...frames(problem, options)].map((frame) => ({
    frame,
    bound: frameBound(problem, frame),
    count: switches(problem, frame, options).length * layoutsOf(problem, frame, options).length,
  }));
  queue.sort((a, b) => a.bound - b.bound);
  const space = queue.reduce((sum, { count }) => sum + count, 0);
  let cutBy: string | null = null;
  let next = 0;
  for (; next < queue.length; next++) {
    const { frame, bound } = queue[next]!;
    if (bound >= worstKept(run)) break;
    cutBy = run.evaluated >= options.maxEvaluations ? 'max-evaluations' : options.interrupted();
    if (cutBy !== null) break;
    options.progress?.(run.evaluated, queue.length - next, run.kept[0]?.estimate.stepSeconds ?? null);
    expand(run, frame);
  }
  const rest = queue.slice(next).reduce((sum, { count }) => sum + count, 0);
  const best = run.kept[0]?.estimate.stepSeconds ?? null;
  const proven = cutBy === null ? best : (queue[next]?.bound ?? best);
  return {
    plans: run.kept.map((one, index) => ranked(one, index, run.kept[0]!)),
    evenSplit: evenSplit(problem, options, book),
    nearestMiss: findNearestMiss(problem, run.misses, book),
    certificate: {
      space,
      rejected: run.tally.list(),
      boundedAway: run.boundedAway + (cutBy === null ? rest : 0),
      evaluated: run.evaluated,
      left: cutBy === null ? 0 : rest,
      optimal: cutBy === null,
      gap: best === null || proven === null ? 0 : Math.max(0, (best - proven) / best),
      cutBy,
    },
  };
}

/** What one search accumulates. */
interface Run {
  readonly problem: Problem;
  readonly options: SearchOptions;
  readonly book: CostBook;
  readonly tally: Tally;
  readonly misses: Miss[];
  readonly kept: Evaluated[];
  boundedAway: number;
  evaluated: number;
}

function worstKept({ kept, options }: Run): number {
  return kept.length >= options.top ? kept.at(-1)!.estimate.stepSeconds : Number.POSITIVE_INFINITY;
}

/** Rejects, bounds or costs every configuration of a frame. */
function expand(run: Run, frame: Frame): void {
  const { problem, options, tally } = run;
  const choices = switches(problem, frame, options);
  const bounded: { candidate: Candidate; bound: number }[] = [];
  for (const layout of layoutsOf(problem, frame, options)) {
    const reason = illegal(problem, layout);
    if (reason !== null) {
      const example = choices[0];
      if (example !== undefined)
        tally.add(reason, () => configurationText({ layout, switches: example }), choices.length);
      continue;
    }
    for (const choice of choices) {
      const candidate = { layout, switches: choice };
      const bound = boundOf(run, candidate);
      if (bound !== null) bounded.push({ candidate, bound });
    }
  }
  bounded.sort((a, b) => a.bound - b.bound);
  for (const [index, { candidate, bound }] of bounded.entries()) {
    if (bound >= worstKept(run)) {
      run.boundedAway += bounded.length - index;
      return;
    }
    cost(run, candidate);
  }
}

/** Lower bound of one configuration; null when it was rejected. */
function boundOf({ problem, book, tally, misses }: Run, candidate: Candidate): number | null {
  const late = scheduleMisfit(problem, candidate.layout, candidate.switches);
  if (late !== null) {
    tally.add(late, () => configurationText(candidate));
    return null;
  }
  const costs = book.of(candidate);
  const miss = memoryMiss(problem, candidate, costs);
  if (miss === null) return lowerBound(problem, candidate, costs);
  tally.add(miss.reason, () => configurationText(candidate));
  remember(misses, { candidate, excess: miss.excess });
  return null;
}

function cost(run: Run, candidate: Candidate): void {
  const outcome = consider(run.problem, candidate, run.options, run.book);
  if ('rule' in outcome) {
    run.tally.add(outcome, () => configurationText(candidate));
    if (outcome.rule === 'memory') remember(run.misses, { candidate, excess: 1 });
    return;
  }
  if (outcome.estimate.verdict === 'does-not-fit') {
    const excess = Math.max(
      ...outcome.estimate.stages.map(({ memory }) => memory.deviceBytes / memory.limitBytes),
    );
    remember(run.misses, { candidate, excess });
    run.tally.add(memoryReason(outcome.estimate), () => configurationText(candidate));
    return;
  }
  run.evaluated += 1;
  insert(run.kept, outcome, run.options.top);
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
