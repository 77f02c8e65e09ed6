import { estimate } from '../cost/estimate.ts';
import { deviceCount } from '../domain/cluster.ts';
import { devicesOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { lowerBound } from './bounds.ts';
import { chainsOf } from './chains.ts';
import type { CostBook } from './cost-book.ts';
import type { Evaluated } from './kept.ts';
import { devicesOfFrame, layoutsOf } from './layouts.ts';
import { memoryMiss } from './memory-bound.ts';
import type { SearchOptions } from './options.ts';
import { type Candidate, realise } from './realise.ts';
import { illegal } from './rules.ts';
import { switches } from './switches.ts';

const MOST_TRIED = 400;

/**
 * What the user would run otherwise: all GPUs in the order of the file, the same number of layers on every stage, no
 * virtual stages (a launcher that cuts by itself: its cut). The best such plan it runs, or why there is none.
 */
export function evenSplit(problem: Problem, options: SearchOptions, book: CostBook): RankedPlan | Reason {
  const all = deviceCount(problem.cluster);
  const { launcher } = options;
  const candidates: { candidate: Candidate; bound: number }[] = [];
  for (const frame of chainsOf(problem, problem.cluster.groups, { ...options, alikeStages: true })) {
    if (devicesOfFrame(frame) !== all || problem.model.layers.length % frame.pp !== 0) continue;
    const choices = switches(problem, frame, options).filter(
      (choice) => choice.virtualStages === 1 && !choice.fewestLayers,
    );
    for (const layout of layoutsOf(problem, frame, options)) {
      if (illegal(problem, layout) !== null) continue;
      for (const choice of choices) {
        const candidate = { layout, switches: choice };
        candidates.push({ candidate, bound: lowerBound(problem, candidate, book.of(candidate)) });
      }
    }
  }
  candidates.sort((a, b) => a.bound - b.bound);
  let best: Evaluated | null = null;
  let tried = 0;
  for (const { candidate, bound } of candidates) {
    if ((best !== null && bound >= best.estimate.stepSeconds) || tried >= MOST_TRIED) break;
    if (memoryMiss(problem, candidate, book.of(candidate)) !== null) continue;
    const realised = realise(problem, candidate, book.of(candidate), {
      even: launcher?.layerCut === undefined,
      launcher,
    });
    if ('rule' in realised || devicesOf(realised.plan) !== all) continue;
    if (launcher !== null && launcher.reject(problem, realised.plan) !== null) continue;
    tried += 1;
    const costed = estimate(problem, realised.plan, book.profiles);
    const one: Evaluated = {
      value: costed.stepSeconds,
      family: candidate.layout.family,
      candidate,
      realised,
      estimate: costed,
    };
    if (one.estimate.verdict === 'does-not-fit') continue;
    if (best === null || one.estimate.stepSeconds < best.estimate.stepSeconds) best = one;
  }
  if (best !== null) {
    const { candidate, realised, estimate: costed } = best;
    return {
      rank: 1,
      plan: realised.plan,
      estimate: costed,
      family: candidate.layout.family,
      tiedWithBest: false,
      variants: [],
      partition: null,
    };
  }
  return {
    rule: 'even-split',
    actual: `none of ${tried} even splits over all ${all} GPUs fits`,
    limit: 'memory of every GPU',
    hint: 'Maybe uneven layers or fewer GPUs, as in the plans above.',
  };
}
