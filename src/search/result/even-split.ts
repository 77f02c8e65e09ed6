import { deviceCount } from '../../domain/cluster.ts';
import { devicesOf } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { estimate } from '../../evaluate/estimate.ts';
import { splitLaw } from '../../laws/split.ts';
import { techniqueLaw } from '../../laws/techniques.ts';
import { barestBound } from '../bound/barest.ts';
import { lowerBound } from '../bound/bounds.ts';
import { bySize, type Group } from '../bound/by-size.ts';
import type { CostBook } from '../bound/cost-book.ts';
import { LayerRoom } from '../bound/layer-room.ts';
import { evenMiss, memoryMiss } from '../bound/memory-bound.ts';
import { realise } from '../cut/realise.ts';
import type { Evaluated } from '../run/kept.ts';
import { type Candidate, microBatchesPerReplica, specFor } from '../space/candidate.ts';
import { chainsOf } from '../space/chains.ts';
import { chainOf, choices } from '../space/choices.ts';
import { devicesOfFrame, type Layout } from '../space/frame.ts';
import { layoutsOf } from '../space/layouts.ts';
import type { SearchOptions } from '../space/options.ts';

const MOST_TRIED = 400;

interface Bounded {
  readonly candidate: Candidate;
  readonly bound: number;
}

/** A layout with the choices of one size of micro-batch. None of them has a lower bound. */
interface Family {
  readonly layout: Layout;
  readonly group: Group;
  readonly bound: number;
}

/** Even chains over all GPUs, lowest bound first; a family is looked into once its own bound is the lowest left. */
function* evenCandidates(problem: Problem, options: SearchOptions, book: CostBook): Generator<Bounded> {
  const families = evenFamilies(problem, options, book).sort((a, b) => a.bound - b.bound);
  let ready: Bounded[] = [];
  for (let next = 0; next < families.length || ready.length > 0; ) {
    const family = families[next];
    if (family !== undefined && !(ready[0] !== undefined && ready[0].bound < family.bound)) {
      ready = [...ready, ...membersOf(problem, family, book)].sort((a, b) => a.bound - b.bound);
      next += 1;
    } else yield ready.shift()!;
  }
}

function evenFamilies(problem: Problem, options: SearchOptions, book: CostBook): Family[] {
  const all = deviceCount(problem.cluster);
  const families: Family[] = [];
  for (const frame of chainsOf(problem, problem.cluster.groups, { ...options, alikeStages: true })) {
    if (devicesOfFrame(frame) !== all || problem.model.layers.length % frame.pp !== 0) continue;
    const plain = choices(problem, chainOf(problem, frame), options).filter(
      ({ vpp, fewest }) => vpp === 1 && fewest === null,
    );
    const groups = bySize(plain);
    for (const layout of layoutsOf(problem, frame, options)) {
      if (splitLaw(problem, { ...layout, shapes: layout.runs }) !== null) continue;
      for (const group of groups)
        families.push({ layout, group, bound: barestBound(problem, book, layout, group) });
    }
  }
  return families;
}

function membersOf(problem: Problem, { layout, group }: Family, book: CostBook): Bounded[] {
  return group.choices.flatMap((choice) => {
    const candidate = { layout, choice };
    const { dims } = specFor(problem, candidate, layout.runs[0]!);
    const microBatches = microBatchesPerReplica(problem, candidate);
    if (techniqueLaw(problem, dims, choice.techniques, microBatches) !== null) return [];
    return [{ candidate, bound: lowerBound(problem, candidate, book.seconds(candidate)) }];
  });
}

/** Why an even cut, or whichever the launcher makes, does not fit. */
function missOf(problem: Problem, candidate: Candidate, book: CostBook, launcher: SearchOptions['launcher']) {
  const even = launcher?.layerCut === undefined && problem.model.kinds.length === 1;
  const asked = even ? evenMiss : memoryMiss;
  const { layout, choice } = candidate;
  return new LayerRoom(problem, book, layout).miss(choice) ?? asked(problem, candidate, book.of(candidate));
}

/**
 * What the user would run otherwise: all GPUs in the order of the file, the same number of layers on every stage, no
 * virtual stages (a launcher that cuts by itself: its cut). The best such plan it runs, or why there is none.
 */
export function evenSplit(problem: Problem, options: SearchOptions, book: CostBook): Evaluated | Reason {
  const all = deviceCount(problem.cluster);
  const { launcher } = options;
  let best: Evaluated | null = null;
  let tried = 0;
  let misses = 0;
  for (const { candidate, bound } of evenCandidates(problem, options, book)) {
    if ((best !== null && bound >= best.estimate.stepSeconds) || tried >= MOST_TRIED) break;
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
