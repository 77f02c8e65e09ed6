import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { TECHNIQUES } from '../../techniques/index.ts';
import type { CostBook } from '../bound/cost-book.ts';
import { spotsOf } from '../bound/memory-bound.ts';
import { type Candidate, withoutFewest, withSome } from '../space/candidate.ts';
import type { Realised } from './realise.ts';

/** A Reason where every stage has room for as many layers as any may get without the technique: it takes none, whatever the cut. */
export function needless(problem: Problem, candidate: Candidate, book: CostBook): Reason | null {
  const plain = withoutFewest(candidate);
  const costs = book.of(plain);
  // The other stages have one layer at least; of several kinds, any.
  const others = problem.model.kinds.length === 1 ? candidate.layout.pp - 1 : 0;
  const roomy = spotsOf(problem, plain).every(
    (spot) => costs[spot.run]!.rooms.earliest(spot).at(-1)! <= others,
  );
  return roomy ? layersReason(candidate, 'none') : null;
}

function layersReason({ choice }: Candidate, which: string): Reason {
  return {
    rule: `${choice.fewest}-layers`,
    actual: `${which} of the layers of a stage`,
    limit: 'some of them',
  };
}

/**
 * A technique on the fewest layers of each stage that fit (Megatron's --recompute-method block): fewer are faster. A Reason
 * when it takes all of them, or none: those are other choices.
 */
export function fewestLayers(
  problem: Problem,
  candidate: Candidate,
  whole: Realised,
  book: CostBook,
): Realised | Reason {
  const { choice } = candidate;
  const one = TECHNIQUES.find(({ id }) => id === choice.fewest)!;
  const over = (layers: number) => one.limit!.with(one.of(choice.techniques), layers);
  const costs = book.of(withSome(candidate, 1));
  const { stages } = whole.plan.pipelines[0]!;
  let layers = 0;
  let most = 0;
  for (const [s, spot] of spotsOf(problem, candidate).entries()) {
    const range = stages[s]!.chunks[0]!;
    const needed = costs[spot.run]!.rooms.fewest(spot, range);
    if (needed === null)
      return { rule: 'memory', actual: `stage ${s} with ${one.id} on all layers`, limit: 'GPU memory' };
    layers = Math.max(layers, needed);
    most = Math.max(most, range.end - range.first);
  }
  if (layers === 0 || layers === most) return layersReason(candidate, layers === 0 ? 'none' : `all ${most}`);
  return { ...whole, plan: { ...whole.plan, techniques: one.set(whole.plan.techniques, over(layers)) } };
}
