import { deviceCount } from '../../domain/cluster.ts';
import { devicesOf } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { estimate } from '../../evaluate/estimate.ts';
import { splitLaw } from '../../laws/split.ts';
import { techniqueLaw } from '../../laws/techniques.ts';
import { Heap } from '../../units/heap.ts';
import { rememberedOf } from '../../units/remembered.ts';
import { barestBound, barestKernels } from '../bound/barest.ts';
import { lowerBound } from '../bound/bounds.ts';
import { type Group, groupOf } from '../bound/by-size.ts';
import type { CostBook } from '../bound/cost-book.ts';
import { leftOf } from '../bound/fitting.ts';
import { LayerRoom } from '../bound/layer-room.ts';
import { evenMiss, memoryMiss } from '../bound/memory-bound.ts';
import { realise } from '../cut/realise.ts';
import type { Evaluated } from '../run/kept.ts';
import { byLeave } from '../space/by-leave.ts';
import { type Candidate, microBatchesPerReplica, specFor } from '../space/candidate.ts';
import { chainsOf } from '../space/chains.ts';
import type { Choice } from '../space/choices.ts';
import { devicesOfFrame, type Layout } from '../space/frame.ts';
import { layoutsOf } from '../space/layouts.ts';
import type { SearchOptions } from '../space/options.ts';

const MOST_TRIED = 400;
/** Of a search that was stopped: as many groups are listed and as many candidates looked at as take a fraction of a second. */
const WHEN_STOPPED = { groups: 1000, candidates: 20 };

interface Bounded {
  readonly candidate: Candidate;
  readonly bound: number;
}

/** A candidate, or a layout with the choices of one size of micro-batch, none of which has a lower bound: by kernels alone, or by all it takes. */
interface Item {
  readonly layout: Layout;
  readonly of: Choice | Group;
  readonly bound: number;
  readonly known: 'kernels' | 'all';
}

/** A group that comes first is bounded by what is left of it once its layers fit; `unfit` is told how many do not. */
type Told = (unfit: number) => void;

/** Even chains over all GPUs, lowest bound first; a group is looked into once its own bound is the lowest left. */
function* evenCandidates(
  problem: Problem,
  options: SearchOptions,
  book: CostBook,
  which: Which,
  unfit: Told,
): Generator<Bounded> {
  const items = new Heap<Item>();
  for (const { layout, group } of evenGroups(problem, options, book, which)) {
    items.add({ layout, of: group, bound: barestKernels(problem, book, layout, group), known: 'kernels' });
    if (items.size >= WHEN_STOPPED.groups && options.interrupted() !== null) break;
  }
  for (let item = items.take(); item !== undefined; item = items.take()) {
    const { layout, of, bound, known } = item;
    if (!('choices' in of)) yield { candidate: { layout, choice: of }, bound };
    else if (known === 'kernels') {
      const room = new LayerRoom(problem, book, layout);
      const fit = leftOf(of, (choice) => brokenBy(problem, layout, choice) ?? room.excess(choice));
      unfit(fit.out.filter(({ why }) => typeof why === 'number').length);
      if (fit.group === null) continue;
      const own = barestBound(problem, book, layout, fit.group);
      items.add({ layout, of: fit.group, bound: Math.max(bound, own), known: 'all' });
    } else
      for (const choice of of.choices) {
        const candidate = { layout, choice };
        const own = lowerBound(problem, candidate, book.seconds(candidate));
        items.add({ layout, of: choice, bound: Math.max(bound, own), known: 'all' });
      }
  }
}

/** Whether a choice is one that is looked at. */
type Which = (choice: Choice) => boolean;

/** Nobody would cover just as few layers as memory asks for by hand. */
const BY_HAND: Which = ({ fewest }) => fewest === null;
/** And what a search tries without leave. */
const UNAIDED: Which = (choice) => BY_HAND(choice) && byLeave(choice).length === 0;

const among = new WeakMap<Which, WeakMap<Group, readonly Group[]>>();

/** The group with those of its choices alone; none where there are none. */
function only(which: Which, group: Group): readonly Group[] {
  const known = rememberedOf(among, which, () => new WeakMap<Group, readonly Group[]>());
  return rememberedOf(known, group, () => {
    const left = group.choices.filter(which);
    if (left.length === group.choices.length) return [group];
    return left.length === 0 ? [] : [groupOf(left)];
  });
}

function* evenGroups(
  problem: Problem,
  options: SearchOptions,
  book: CostBook,
  which: Which,
): Generator<{ readonly layout: Layout; readonly group: Group }> {
  const all = deviceCount(problem.cluster);
  for (const frame of chainsOf(problem, problem.cluster.groups, { ...options, alikeStages: true })) {
    if (devicesOfFrame(frame) !== all || problem.model.layers.length % frame.pp !== 0) continue;
    const plain = book.choices(frame, options).groups.filter(({ choices }) => choices[0]!.vpp === 1);
    const groups = plain.flatMap((group) => only(which, group));
    for (const layout of layoutsOf(problem, frame, options))
      if (splitLaw(problem, { ...layout, shapes: layout.runs }) === null)
        for (const group of groups) yield { layout, group };
  }
}

/** The law that a choice breaks. */
function brokenBy(problem: Problem, layout: Layout, choice: Choice): Reason | null {
  const candidate = { layout, choice };
  const { dims } = specFor(problem, candidate, layout.runs[0]!);
  return techniqueLaw(problem, dims, choice.techniques, microBatchesPerReplica(problem, candidate));
}

/** Why an even cut, or whichever the launcher makes, does not fit. */
function missOf(problem: Problem, candidate: Candidate, book: CostBook, launcher: SearchOptions['launcher']) {
  const even = launcher?.layerCut === undefined && problem.model.kinds.length === 1;
  const asked = even ? evenMiss : memoryMiss;
  return asked(problem, candidate, book.of(candidate));
}

/**
 * What the user would run otherwise: all GPUs in the order of the file, the same number of layers on every stage, no
 * virtual stages (a launcher that cuts by itself: its cut), nothing that takes leave where something fits without. The best such plan
 * it runs, or why there is none; of a search that was stopped the first that is found.
 */
export function evenSplit(problem: Problem, options: SearchOptions, book: CostBook): Evaluated | Reason {
  const without = options.allow.length === 0 ? null : bestEven(problem, options, book, UNAIDED);
  return without === null || 'rule' in without ? bestEven(problem, options, book, BY_HAND) : without;
}

function bestEven(
  problem: Problem,
  options: SearchOptions,
  book: CostBook,
  which: Which,
): Evaluated | Reason {
  const all = deviceCount(problem.cluster);
  const { launcher } = options;
  let best: Evaluated | null = null;
  let looked = 0;
  let tried = 0;
  let misses = 0;
  const unfit: Told = (count) => {
    misses += count;
  };
  for (const { candidate, bound } of evenCandidates(problem, options, book, which, unfit)) {
    if ((best !== null && bound >= best.estimate.stepSeconds) || tried >= MOST_TRIED) break;
    looked += 1;
    if ((best !== null || looked > WHEN_STOPPED.candidates) && options.interrupted() !== null) break;
    if (missOf(problem, candidate, book, launcher) !== null) {
      misses += 1;
      continue;
    }
    const realised = realise(problem, candidate, book.of(candidate), {
      even: launcher?.layerCut === undefined,
      launcher,
    });
    if ('rule' in realised || devicesOf(realised.plan) !== all) continue;
    if (launcher !== null && launcher.reject(problem, realised.plan) !== null) continue;
    tried += 1;
    const costed = estimate(problem, realised.plan, book.profiles);
    const one: Evaluated = {
      value: options.objective.value(realised.plan, costed),
      family: candidate.layout.family,
      candidate,
      // Nobody chose this cut: there is nothing to prove.
      realised: { ...realised, cut: null },
      estimate: costed,
    };
    if (one.estimate.verdict === 'does-not-fit') misses += 1;
    else if (best === null || one.estimate.stepSeconds < best.estimate.stepSeconds) best = one;
  }
  if (best !== null) return best;
  const none = { rule: 'even-split', limit: 'one chunk of as many layers on every stage' };
  if (misses > 0)
    return {
      ...none,
      actual: `none of the ${misses} looked at fits, all ${all} GPUs in use`,
      hint: 'Maybe uneven layers or fewer GPUs.',
    };
  return { ...none, actual: `none with one chunk per stage runs on all ${all} GPUs` };
}
