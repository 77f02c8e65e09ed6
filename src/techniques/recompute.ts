import type { Recompute } from '../domain/plan.ts';
import type { Operator } from '../layers/operator.ts';

/** Whether `operator`'s forward runs again in backward. */
export function recomputed(operator: Operator, recompute: Recompute): boolean {
  if (recompute.mode === 'none') return false;
  if (recompute.mode === 'full') return true;
  return operator.modules.some((module) => recompute.modules.includes(module));
}

/** Bytes of a layer kept from forward to backward for one micro-batch. Full recompute keeps only the layer's input. */
export function savedBytes(operators: readonly Operator[], recompute: Recompute, inputBytes: number): number {
  if (recompute.mode === 'full') return inputBytes;
  const dropped = recompute.mode === 'selective' ? recompute.modules : [];
  let bytes = 0;
  for (const operator of operators) {
    for (const tensor of operator.saved) {
      if (!tensor.droppedBy.some((module) => dropped.includes(module))) bytes += tensor.bytes;
    }
  }
  return bytes;
}

/** Bytes that recomputation brings back while one layer's backward runs. */
export function restoredBytes(
  operators: readonly Operator[],
  recompute: Recompute,
  inputBytes: number,
): number {
  const everything = operators.reduce(
    (sum, o) => sum + o.saved.reduce((s, tensor) => s + tensor.bytes, 0),
    0,
  );
  return Math.max(0, everything - savedBytes(operators, recompute, inputBytes));
}
