import type { Operator, SavedTensor } from '../../layers/operator.ts';
import { isFrozen, localParameters } from '../../layers/weight.ts';
import type { StageContext } from '../../techniques/technique.ts';
import { type Owned, ownedBy } from './owned.ts';

/** Bytes of a layer, or of an end of the model: one micro-batch, one GPU. */
export interface OperatorMemory {
  /** Kept from forward to backward, logits apart. */
  readonly saved: number;
  /** The same of what is kept in the host's memory. */
  readonly offloaded: number;
  /** Brought back by recomputation while its backward runs. */
  readonly restored: number;
  /** Copies of weights among what is dropped, which autocast may keep until forward ends. */
  readonly casts: number;
  /** Alive only during one operator's backward (the widest), logits apart. */
  readonly transient: number;
  /** Logits as kept for backward, and what the worst point of the loss takes beside. */
  readonly logits: { readonly saved: number; readonly transient: number };
  readonly owned: Owned;
  /** Without what is the model's embedding used again. */
  readonly ownedUntied: Owned;
  /** Parameters of the largest single weight that is trained. */
  readonly largest: number;
}

export function operatorMemory(operators: readonly Operator[], context: StageContext): OperatorMemory {
  const others = operators.filter(({ logits }) => logits !== true);
  const logits = operators.filter((one) => one.logits === true);
  const weights = operators.flatMap((one) => one.weights);
  const owned = ownedBy(weights, context);
  const untied = weights.filter(({ tied }) => !tied);
  return {
    saved: savedBytes(others),
    offloaded: savedBytes(others, 'offloaded'),
    restored: savedBytes(others, 'dropped'),
    casts: savedBytes(others, 'dropped', ({ cast }) => cast === true),
    transient: others.reduce((most, { backwardBytes }) => Math.max(most, backwardBytes), 0),
    logits: {
      saved: savedBytes(logits),
      transient: logits.reduce((sum, { backwardBytes }) => sum + backwardBytes, 0),
    },
    owned,
    ownedUntied: untied.length === weights.length ? owned : ownedBy(untied, context),
    largest: weights.reduce(
      (most, weight) => (isFrozen(weight) ? most : Math.max(most, localParameters(weight, context.local))),
      0,
    ),
  };
}

/** Bytes that operators keep on the GPU for backward, elsewhere, or drop and bring back. */
function savedBytes(
  operators: readonly Operator[],
  where: 'kept' | 'offloaded' | 'dropped' = 'kept',
  which: (tensor: SavedTensor) => boolean = () => true,
): number {
  let bytes = 0;
  for (const { saved } of operators)
    for (const tensor of saved) if (placeOf(tensor) === where && which(tensor)) bytes += tensor.bytes;
  return bytes;
}

function placeOf({ dropped, offloaded }: SavedTensor): 'kept' | 'offloaded' | 'dropped' {
  return dropped === true ? 'dropped' : offloaded === true ? 'offloaded' : 'kept';
}
