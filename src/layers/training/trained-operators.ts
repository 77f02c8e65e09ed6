import type { Trained } from '../../domain/training.ts';
import { type LayerContext, type Operator, type SavedTensor, stream } from '../operator.ts';
import { localParameters, type Weight } from '../weight.ts';
import { adapterOf } from './adapter.ts';

/**
 * Bytes of a parameter in NF4 with double quantisation: 4 bits, one 8-bit scale for 64, one fp32 scale for 256 of those
 * (Dettmers et al. 2023, arXiv 2305.14314, section 3).
 */
export const NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256);

/** Bytes of a frozen parameter that is not quantised. */
export function frozenBytes(
  { frozenWeights }: Pick<Trained, 'frozenWeights'>,
  { elementBytes }: LayerContext['local'],
): number {
  return frozenWeights === 'fp32' ? 4 : elementBytes;
}

/**
 * Operators of a layer, or of an end of the model, as it is trained. Where weights are frozen no kernel works out their
 * gradient and nothing is kept for it; where nothing before is trained either there is no backward; adapters are operators of their
 * own after the linear that they stand beside.
 */
export function trainedOperators(
  operators: readonly Operator[],
  trained: Trained | null,
  context: LayerContext,
): Operator[] {
  if (trained === null || trained.mode === 'full') return [...operators];
  const { mode, lora, backward } = trained;
  const all: Candidate[] = operators.flatMap((one): Candidate[] => {
    const adapter = mode === 'frozen' || lora === null ? null : adapterOf(one, lora, context);
    const base: Candidate = { ...frozen(one, trained, context, adapter !== null), adapted: adapter !== null };
    return adapter === null ? [base] : [base, adapter];
  });
  const reached = trained.first === true ? all.findIndex(({ adapted }) => adapted === true) + 1 : 0;
  return all.map(({ adapted: _, ...one }: Candidate, i) => {
    const saved = backward ? one.saved.filter((tensor) => isRead(tensor, all, i)) : [];
    return i < reached ? unreached(one, saved) : { ...one, saved };
  });
}

/** What stands before all that is trained has no backward; of what it keeps, an adapter reads the inputs of linears. */
function unreached(one: Operator, saved: readonly SavedTensor[]): Operator {
  return {
    ...one,
    gradients: 'none',
    backwardBytes: 0,
    communication: one.communication.filter(({ pass }) => pass === 'forward'),
    saved: saved.filter(({ readBy }) => readBy !== undefined),
  };
}

/** A frozen linear whose input an adapter reads. */
type Candidate = Operator & { readonly adapted?: boolean };

function frozen(one: Operator, trained: Trained, { local }: LayerContext, adapted: boolean): Operator {
  const { mode, backward } = trained;
  const quantised = (weight: Weight) => mode === 'qlora' && weight.targets.length > 0;
  const held = frozenBytes(trained, local);
  const weights = one.weights.map((weight) =>
    weight.role === 'buffer'
      ? weight
      : { ...weight, trainable: false, bytes: quantised(weight) ? NF4_BYTES : held },
  );
  // What a kernel multiplies with is made again for each pass, one matrix at a time.
  const parameters = one.weights.reduce(
    (sum, weight) => sum + (quantised(weight) ? localParameters(weight, local) : 0),
    0,
  );
  const moved = (NF4_BYTES + local.elementBytes) * parameters;
  return {
    ...one,
    weights,
    gradients: backward ? 'input' : 'none',
    kernels:
      parameters === 0 ? one.kernels : [...one.kernels, stream('element-wise', moved, backward ? moved : 0)],
    communication: one.communication.filter(({ pass, hidden }) =>
      // What is gathered again beside another product is for the gradient of weights that read it.
      backward ? adapted || hidden !== true : pass === 'forward',
    ),
    backwardBytes: backward ? one.backwardBytes + local.elementBytes * parameters : 0,
    hostUnits: one.hostUnits + (parameters === 0 ? 0 : 1),
  };
}

/** Whether a tensor is kept for more than weight gradients that nobody works out. */
function isRead({ readBy }: SavedTensor, all: readonly Candidate[], at: number): boolean {
  if (readBy === undefined) return true;
  for (const one of all.slice(at + 1)) {
    if (one.adapted === true) return true;
    const linear = one.kernels.some(({ kind }) => kind === 'gemm');
    if (readBy === 'next' && linear) return false;
    if (one.saved.some((tensor) => tensor.readBy === 'block')) return false;
  }
  return false;
}
