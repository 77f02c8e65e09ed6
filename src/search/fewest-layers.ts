import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { CostBook } from './cost-book.ts';
import { spotsOf } from './memory-bound.ts';
import type { Candidate, Realised } from './realise.ts';

/**
 * Full recomputation on the fewest layers of each stage that fit (Megatron's --recompute-method block): fewer are faster. A
 * Reason when it takes all of them, or none: those are other switches.
 */
export function fewestLayers(
  problem: Problem,
  candidate: Candidate,
  whole: Realised,
  book: CostBook,
): Realised | Reason {
  const { recompute } = candidate.switches;
  const one = {
    ...candidate,
    switches: { ...candidate.switches, recompute: { ...recompute, layersPerStage: 1 } },
  };
  const costs = book.of(one);
  const { stages } = whole.plan.pipelines[0]!;
  let layersPerStage = 0;
  let most = 0;
  for (const [s, spot] of spotsOf(problem, candidate).entries()) {
    const [range] = stages[s]!.chunks as [{ first: number; end: number }];
    const needed = costs[spot.run]!.rooms.fewest(spot, range);
    if (needed === null)
      return { rule: 'memory', actual: `stage ${s} with all layers recomputed`, limit: 'GPU memory' };
    layersPerStage = Math.max(layersPerStage, needed);
    most = Math.max(most, range.end - range.first);
  }
  if (layersPerStage === 0 || layersPerStage === most)
    return {
      rule: 'recompute-layers',
      actual: `${layersPerStage === 0 ? 'none' : `all ${most}`} of the layers of a stage`,
      limit: 'some of them',
    };
  return { ...whole, plan: { ...whole.plan, recompute: { ...whole.plan.recompute, layersPerStage } } };
}
