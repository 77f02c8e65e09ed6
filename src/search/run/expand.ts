import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { splitLaw } from '../../laws/split.ts';
import { techniqueLaw } from '../../laws/techniques.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { scheduleLaw } from '../../schedules/schedule.ts';
import { TECHNIQUES, techniqueKeys } from '../../techniques/index.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import { barestBound, barestKernels } from '../bound/barest.ts';
import { lowerBound } from '../bound/bounds.ts';
import type { CostBook } from '../bound/cost-book.ts';
import { layersMiss, type MemoryMiss, memoryMiss } from '../bound/memory-bound.ts';
import { fewestLayers } from '../cut/fewest-layers.ts';
import { realise } from '../cut/realise.ts';
import {
  type Candidate,
  candidateText,
  microBatchesPerReplica,
  shapeFor,
  specFor,
} from '../space/candidate.ts';
import type { Choice } from '../space/choices.ts';
import { type Frame, type Layout, outlineOf } from '../space/frame.ts';
import { layoutsOf } from '../space/layouts.ts';
import type { SearchOptions } from '../space/options.ts';
import type { Part, Rest } from './agenda.ts';
import { evaluated } from './evaluated.ts';
import { type Evaluated, insert, type Listed, worstOfLayout } from './kept.ts';
import { excessOf, memoryReason, remember } from './misses.ts';
import type { Entry } from './queue.ts';
import { joined, newRun, type Run, refusal, worstKept } from './run.ts';

/** An entry of the queue that is a chain of stages. */
export type FrameEntry = Entry & { readonly frame: Frame };

interface Bounded {
  readonly candidate: Candidate;
  readonly bound: number;
}

/** Candidates of a frame that neither a law nor their bound ruled out, by bound, and what they share. */
interface Opened {
  readonly bounded: readonly Bounded[];
  readonly smallest: SmallestSizes;
}

/** Kept until the last part of an entry is opened; a thread that has not opened the others works it out again. */
const opened = new WeakMap<Entry, Opened>();

/** Rejects, bounds or costs the configurations of a part of a frame, those with bounds of `upto` or more left for later. */
export function expand(run: Run, entry: FrameEntry, part: Part, upto: number, listed: Listed): Rest | null {
  const { options, problem, book } = run;
  const below = part.below ?? options.threshold;
  // Laws are told, and counted, the first time.
  const first = part.below === null ? run : newRun(problem, { ...options, threshold: below }, book);
  const { bounded, smallest } = rememberedOf(opened, entry, () => boundedIn(first, entry.frame));
  let index = part.below === null ? 0 : bounded.findIndex(({ bound }) => bound >= part.bound);
  for (; index >= 0 && index < bounded.length; index++) {
    const { candidate, bound } = bounded[index]!;
    const count = bounded.length - index;
    if (bound >= worstKept(run)) {
      run.boundedAway += count;
      break;
    }
    if (bound >= upto && bound > part.bound) return { bound, below, count };
    if (options.interrupted() !== null) {
      run.left += count;
      break;
    }
    if (!options.exhaustive && bound >= worstOfLayout(run.kept, listed, candidate.layout)) {
      run.boundedAway += 1;
      continue;
    }
    if (!mayFit(run, candidate, bound, smallest)) continue;
    cost(run, candidate, bound);
    if (!cutIsExact(problem, options, candidate)) run.unproven = joined(run.unproven, { count: 1, bound });
  }
  opened.delete(entry);
  return null;
}

/** Rejects the configurations of a frame that break a law, bounds the others away, or keeps them by their bounds. */
function boundedIn(run: Run, frame: Frame): Opened {
  const { problem, options, book, tally } = run;
  const { all, groups } = book.choices(frame, options);
  const bounded: Bounded[] = [];
  const refused = refusal(run, { outline: outlineOf(problem, frame) });
  for (const layout of layoutsOf(problem, frame, options)) {
    const reason = splitLaw(problem, { ...layout, shapes: layout.runs }) ?? refused;
    if (reason !== null) {
      const example = all[0];
      if (example !== undefined)
        tally.add(reason, () => candidateText({ layout, choice: example }), all.length);
      continue;
    }
    for (const group of groups) {
      const beaten = (seconds: number) => options.objective.bound(seconds, [layout]) >= worstKept(run);
      if (
        beaten(barestKernels(problem, book, layout, group)) ||
        beaten(barestBound(problem, book, layout, group, { enough: enoughSeconds(run) }))
      ) {
        run.boundedAway += group.choices.length;
        continue;
      }
      for (const choice of group.choices) {
        const candidate = { layout, choice };
        const bound = boundOf(run, candidate);
        if (bound !== null) bounded.push({ candidate, bound });
      }
    }
  }
  bounded.sort((a, b) => a.bound - b.bound);
  return { bounded, smallest: new SmallestSizes(run, all) };
}

/** Whether the stage cut of a candidate is the best by the objective, memory judged as the estimate judges it. */
function cutIsExact(
  { model }: Problem,
  { objective }: SearchOptions,
  { layout, choice }: Candidate,
): boolean {
  // Cuts are chosen for time within the memory there is, not for the least memory.
  if (objective.id === 'memory') return layout.pp === 1 && choice.fewest === null;
  // Layers dealt over the chunks of unlike stages: which kinds a stage gets depends on all the others.
  return choice.vpp === 1 || layout.family === 'uniform' || model.kinds.length === 1;
}

/** Lower bound of one configuration; null when it was rejected, or left aside. */
function boundOf(run: Run, candidate: Candidate): number | null {
  const { problem, book, tally, options } = run;
  const broken = choiceLaw(problem, candidate);
  if (broken !== null) {
    tally.add(broken, () => candidateText(candidate));
    return null;
  }
  const least = withoutFewest(candidate);
  const seconds = lowerBound(problem, least, book.seconds(least), undefined, enoughSeconds(run));
  const bound = options.objective.bound(seconds, [candidate.layout]);
  if (bound >= worstKept(run)) {
    run.boundedAway += 1;
    return null;
  }
  return bound;
}

/** The step from which on a plan is left aside, where plans are ranked by it. */
function enoughSeconds(run: Run): number {
  return run.options.objective.id === 'time' ? worstKept(run) : Number.POSITIVE_INFINITY;
}

/** Covering some layers is never faster than covering none. */
function withoutFewest(candidate: Candidate): Candidate {
  const { choice } = candidate;
  const one = TECHNIQUES.find(({ id }) => id === choice.fewest);
  if (one === undefined) return candidate;
  const techniques = one.set(choice.techniques, one.off);
  return { ...candidate, choice: { ...choice, techniques, fewest: null } };
}

/** The law that the schedule or the techniques of a candidate break. */
function choiceLaw(problem: Problem, candidate: Candidate): Reason | null {
  const { layout, choice } = candidate;
  if (layout.pp > 1) {
    const microBatches = microBatchesPerReplica(problem, candidate);
    if (choice.vpp > 1 && microBatches < layout.pp)
      return {
        rule: 'schedule-micro-batches',
        actual: `${microBatches} micro-batches`,
        limit: `at least pp=${layout.pp} for several chunks a stage`,
      };
    const broken = scheduleLaw(scheduleOf(choice.schedule), shapeFor(candidate, microBatches));
    if (broken !== null) return broken;
  }
  for (const run of layout.runs) {
    const broken = techniqueLaw(problem, specFor(problem, candidate, run).dims, choice.techniques);
    if (broken !== null) return broken;
  }
  return null;
}

/** Asked last: it takes more work than a bound, and what was costed before may have made it needless. */
function mayFit(
  { problem, book, tally, misses }: Run,
  candidate: Candidate,
  bound: number,
  smallest: SmallestSizes,
): boolean {
  const miss = smallest.miss(candidate) ?? missOf(problem, book, candidate);
  if (miss === null) return true;
  tally.add(miss.reason, () => candidateText(candidate));
  remember(misses, { candidate, excess: miss.excess, bound });
  return false;
}

function missOf(problem: Problem, book: CostBook, candidate: Candidate): MemoryMiss | null {
  return (
    layersMiss(problem, candidate, book.seconds(candidate)) ??
    memoryMiss(problem, candidate, book.of(candidate))
  );
}

/**
 * Larger micro-batches never take less memory: of a stage of one chunk as many sequences are alive, or more. What does not
 * fit with the smallest is asked once for all sizes.
 */
class SmallestSizes {
  private readonly run: Pick<Run, 'problem' | 'book'>;
  private readonly size: number;
  private readonly known = new Map<Layout, Map<string, MemoryMiss | null>>();

  constructor(run: Pick<Run, 'problem' | 'book'>, choices: readonly Choice[]) {
    this.run = run;
    this.size = Math.min(...choices.map(({ microBatchSize }) => microBatchSize));
  }

  /** Why the same candidate with the smallest micro-batches does not fit; null where it may, or is the candidate itself. */
  miss({ layout, choice }: Candidate): MemoryMiss | null {
    const { vpp, schedule, techniques, fewest } = choice;
    if (vpp > 1 || choice.microBatchSize === this.size) return null;
    const ofLayout = remembered(this.known, layout, () => new Map<string, MemoryMiss | null>());
    return remembered(ofLayout, `${schedule}|${fewest}|${techniqueKeys(techniques).all}`, () => {
      const { problem, book } = this.run;
      const least = { layout, choice: { ...choice, microBatchSize: this.size } };
      return choiceLaw(problem, least) === null ? missOf(problem, book, least) : null;
    });
  }
}

function cost(run: Run, candidate: Candidate, bound: number): void {
  const outcome = consider(run, candidate);
  if ('rule' in outcome) {
    run.tally.add(outcome, () => candidateText(candidate));
    if (outcome.rule === 'memory') remember(run.misses, { candidate, excess: 1, bound });
    return;
  }
  if (outcome.estimate.verdict === 'does-not-fit') {
    remember(run.misses, { candidate, excess: excessOf(outcome.estimate), bound });
    run.tally.add(memoryReason(outcome.estimate), () => candidateText(candidate));
    return;
  }
  run.evaluated += 1;
  insert(run.kept, outcome, run.options.top);
}

function consider(run: Run, candidate: Candidate): Evaluated | Reason {
  const { problem, options, book } = run;
  const whole = realise(problem, candidate, book.of(candidate), { launcher: options.launcher });
  if ('rule' in whole) return whole;
  const realised = candidate.choice.fewest === null ? whole : fewestLayers(problem, candidate, whole, book);
  if ('rule' in realised) return realised;
  return refusal(run, { plan: realised.plan }) ?? evaluated(run, candidate, realised);
}
