import type { LocalShape } from './local-shape.ts';
import { type Operator, stream } from './operator.ts';
import { localParameters, type Weight } from './weight.ts';

/**
 * Operators under torch.autocast, whose weights are held in `held` bytes, or in bytes of their own, and multiplied in 16 bits: each product casts its weight, and
 * autograd keeps that copy for the gradient of the input until its backward, which widens the weight's gradient again (cached_cast,
 * aten/src/ATen/autocast_mode.cpp@008ec6b). Embeddings, norms and what is held in 16 bits are not cast.
 */
export function autocast(operators: readonly Operator[], local: LocalShape, held: number): Operator[] {
  return operators.map((one) => {
    const cast = one.weights.filter((weight) => isCast(weight, local, held));
    if (cast.length === 0) return one;
    const over = (weights: readonly Weight[]) =>
      weights.reduce((sum, weight) => sum + localParameters(weight, local), 0);
    const passed = (weights: readonly Weight[]) =>
      weights.reduce(
        (sum, weight) => sum + ((weight.bytes ?? held) + local.elementBytes) * localParameters(weight, local),
        0,
      );
    const bytes = passed(cast);
    const widened = passed(cast.filter(({ trainable }) => trainable));
    return {
      ...one,
      kernels: [...one.kernels, stream('element-wise', bytes, widened, cast.length)],
      saved:
        one.gradients === 'none'
          ? one.saved
          : [...one.saved, { bytes: local.elementBytes * over(cast), droppedBy: one.modules, cast: true }],
      hostUnits: one.hostUnits + cast.length,
    };
  });
}

function isCast({ role, bytes }: Weight, local: LocalShape, held: number): boolean {
  return (role === 'matrix' || role === 'head') && (bytes ?? held) > local.elementBytes;
}
