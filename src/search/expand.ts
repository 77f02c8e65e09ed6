import { estimate } from '../cost/estimate.ts';
import type { Estimate } from '../domain/estimate.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { scheduleOf } from '../schedules/index.ts';
import { lowerBound } from './bounds.ts';
import type { CostBook } from './cost-book.ts';
import { fewestLayers } from './fewest-layers.ts';
import { type Evaluated, insert } from './kept.ts';
import { configurationText } from './label.ts';
import { type Frame, type Layout, layoutsOf } from './layouts.ts';
import { memoryMiss } from './memory-bound.ts';
import type { Miss } from './nearest-miss.ts';
import type { SearchOptions } from './options.ts';
import { type Candidate, realise } from './realise.ts';
import { illegal } from './rules.ts';
import { NO_RECOMPUTE, type Switches, switches } from './switches.ts';
import type { Tally } from './tally.ts';

/** What one search accumulates. */
export interface Run {
  readonly problem: Problem;
  readonly options: SearchOptions;
  readonly book: CostBook;
  readonly tally: Tally;
  readonly misses: Miss[];
  readonly kept: Evaluated[];
  boundedAway: number;
  evaluated: number;
  /** Configurations whose stage cut is not known to be the best, and the least value that any of them may have. */
  unproven: Unproven;
}

export interface Unproven {
  readonly count: number;
  readonly bound: number;
}

export const NONE_UNPROVEN: Unproven = { count: 0, bound: Number.POSITIVE_INFINITY };

export function joined(a: Unproven, b: Unproven): Unproven {
  return { count: a.count + b.count, bound: Math.min(a.bound, b.bound) };
}

export function worstKept({ kept, options }: Run): number {
  if (options.exhaustive) return Number.POSITIVE_INFINITY;
  // A plan as good as a warm start's worst must still be found: bounds equal to it are opened.
  const warm = options.threshold * (1 + 1e-9);
  return kept.length >= options.top ? Math.min(kept.at(-1)!.value, warm) : warm;
}

/** Rejects, bounds or costs every configuration of a frame. */
export function expand(run: Run, frame: Frame): void {
  const { problem, options, tally } = run;
  const choices = switches(problem, frame, options);
  const byMicroBatch = new Map<number, Switches[]>();
  for (const choice of choices) {
    const group = byMicroBatch.get(choice.microBatch);
    if (group === undefined) byMicroBatch.set(choice.microBatch, [choice]);
    else group.push(choice);
  }
  const bounded: { candidate: Candidate; bound: number }[] = [];
  for (const layout of layoutsOf(problem, frame, options)) {
    const reason = illegal(problem, layout);
    if (reason !== null) {
      const example = choices[0];
      if (example !== undefined)
        tally.add(reason, () => configurationText({ layout, switches: example }), choices.length);
      continue;
    }
    for (const group of byMicroBatch.values()) {
      if (options.objective.bound(barest(run, layout, group), [layout]) >= worstKept(run)) {
        run.boundedAway += group.length;
        continue;
      }
      for (const choice of group) {
        const candidate = { layout, switches: choice };
        const bound = boundOf(run, candidate);
        if (bound !== null) bounded.push({ candidate, bound });
      }
    }
  }
  bounded.sort((a, b) => a.bound - b.bound);
  for (const [index, { candidate, bound }] of bounded.entries()) {
    if (bound >= worstKept(run)) {
      run.boundedAway += bounded.length - index;
      return;
    }
    cost(run, candidate);
    if (!cutIsExact(problem, candidate)) run.unproven = joined(run.unproven, { count: 1, bound });
  }
}

/** Whether the stage cut of a candidate is the best by its objective, memory judged as the estimate judges it. */
function cutIsExact({ model }: Problem, { layout, switches }: Candidate): boolean {
  // Layers dealt over the chunks of unlike stages: which kinds a stage gets depends on all the others.
  return switches.virtualStages === 1 || layout.family === 'uniform' || model.kinds.length === 1;
}

/**
 * Bound of a micro-batch size at its barest: recomputation and sharding only ever add time; virtual stages may hide more
 * of a transfer than they add, so transfers count only where there are none.
 */
function barest({ problem, book }: Run, layout: Layout, choices: readonly Switches[]): number {
  const switches = bare({ ...choices[0]!, sharding: 0, virtualStages: 1, schedule: '1f1b' });
  const candidate = { layout, switches };
  const plain = choices.every(({ virtualStages }) => virtualStages === 1);
  return lowerBound(problem, candidate, book.of(candidate), plain);
}

/** The same without recomputation. */
function bare(choice: Switches): Switches {
  return { ...choice, recompute: NO_RECOMPUTE, fewestLayers: false };
}

/** Lower bound of one configuration; null when it was rejected, or left aside. */
function boundOf(run: Run, candidate: Candidate): number | null {
  const { problem, book, tally, misses, options } = run;
  const { layout, switches } = candidate;
  const late = scheduleMisfit(problem, layout, switches);
  if (late !== null) {
    tally.add(late, () => configurationText(candidate));
    return null;
  }
  // Covering fewer layers is never faster than covering none.
  const least = switches.fewestLayers ? { ...candidate, switches: bare(switches) } : candidate;
  const bound = options.objective.bound(lowerBound(problem, least, book.of(least)), [layout]);
  if (bound >= worstKept(run)) {
    run.boundedAway += 1;
    return null;
  }
  const miss = memoryMiss(problem, candidate, book.of(candidate));
  if (miss === null) return bound;
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
export function remember(misses: Miss[], miss: Miss): void {
  misses.push(miss);
  if (misses.length < 4 * MISSES_KEPT) return;
  misses.sort((a, b) => a.excess - b.excess);
  misses.length = MISSES_KEPT;
}

function scheduleMisfit(problem: Problem, layout: Layout, choice: Switches): Reason | null {
  if (layout.pp === 1) return null;
  const microBatches = problem.workload.globalBatchSize / (layout.dp * choice.microBatch);
  if (choice.virtualStages > 1 && microBatches < layout.pp) {
    return {
      rule: 'schedule-micro-batches',
      actual: `${microBatches} micro-batches`,
      limit: `at least pp=${layout.pp} for several chunks a stage`,
    };
  }
  const shape = { stages: layout.pp, microBatches, virtualStages: choice.virtualStages };
  return scheduleOf(choice.schedule)!.reject(shape);
}

function consider(
  problem: Problem,
  candidate: Candidate,
  options: SearchOptions,
  book: CostBook,
): Evaluated | Reason {
  const whole = realise(problem, candidate, book.of(candidate), { launcher: options.launcher });
  if ('rule' in whole) return whole;
  const realised = candidate.switches.fewestLayers ? fewestLayers(problem, candidate, whole, book) : whole;
  if ('rule' in realised) return realised;
  const refusal = options.launcher?.reject(problem, realised.plan) ?? null;
  if (refusal !== null) return refusal;
  const costed = estimate(problem, realised.plan, book.profiles);
  return {
    value: options.objective.value(realised.plan, costed),
    family: candidate.layout.family,
    candidate,
    realised,
    estimate: costed,
  };
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
