import type { Recompute } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Coefficients } from '../hardware/coefficients.ts';
import { layerOperators } from '../layers/layer.ts';
import { type LocalShape, type Operator, residualTokens } from '../layers/operator.ts';
import { restoredBytes, savedBytes } from '../techniques/recompute.ts';
import { type LocalParameters, layerParameters } from './local-parameters.ts';

/** Bytes of one layer of a kind, one micro-batch, one GPU. */
export interface LayerMemory {
  /** Kept from forward to backward. */
  readonly saved: number;
  /** Brought back by recomputation while its backward runs. */
  readonly restored: number;
  /** Alive only during one operator's backward (the widest). */
  readonly transient: number;
  readonly parameters: LocalParameters;
}

export function layerMemory(
  { model, stack }: Problem,
  recompute: Recompute,
  local: LocalShape,
  kind: number,
  c: Coefficients,
): LayerMemory {
  const operators = layerOperators(model, model.kinds[kind]!, local, stack, c);
  const input = local.elementBytes * residualTokens(local) * model.hiddenSize;
  return {
    saved:
      savedBytes(operators, recompute, input) +
      (recompute.mode === 'full' ? 0 : stack.extraResiduals * input),
    restored: restoredBytes(operators, recompute, input),
    transient: widest(operators),
    parameters: layerParameters(model, kind, local),
  };
}

function widest(operators: readonly Operator[]): number {
  return operators.reduce((most, operator) => Math.max(most, operator.backwardBytes), 0);
}
