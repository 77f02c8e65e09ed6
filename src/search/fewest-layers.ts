import { estimate } from '../cost/estimate.ts';
import { layersOf, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { CostBook } from './cost-book.ts';
import type { Realised } from './realise.ts';

/**
 * Full recomputation on the fewest layers of each stage that fit (Megatron's --recompute-method block): fewer are faster,
 * more fit better, so bisection finds the least. A Reason when it takes all of them, or none: those are other switches.
 */
export function fewestLayers(problem: Problem, whole: Realised, book: CostBook): Realised | Reason {
  const most = Math.max(...whole.plan.pipelines.flatMap((p) => p.stages.map(layersOf)));
  const covering = (layersPerStage: number): Plan => ({
    ...whole.plan,
    recompute: { ...whole.plan.recompute, layersPerStage },
  });
  const fits = (n: number) => estimate(problem, covering(n), book.profiles).verdict !== 'does-not-fit';
  let [low, high] = [0, most];
  if (most < 2 || !fits(most - 1)) {
    return {
      rule: 'recompute-layers',
      actual: `all ${most} layers of a stage`,
      limit: 'fewer layers recomputed',
    };
  }
  high = most - 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) high = middle;
    else low = middle;
  }
  return { ...whole, plan: covering(high) };
}
