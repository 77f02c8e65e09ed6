import type { Recompute } from '../domain/plan.ts';
import { type LocalShape, residualTokens } from '../layers/local-shape.ts';
import type { Operator } from '../layers/operator.ts';
import { localParameters } from '../layers/weight.ts';
import { restoredBytes, savedBytes } from '../techniques/recompute.ts';

/** Parameters of one GPU: dense ones shard over data × context parallel, experts over expert-data parallel. */
export interface LocalParameters {
  readonly dense: number;
  readonly expert: number;
}

/** Bytes of a layer, or of an end of the model: one micro-batch, one GPU. */
export interface OperatorMemory {
  /** Kept from forward to backward, logits apart. */
  readonly saved: number;
  /** Brought back by recomputation while its backward runs. */
  readonly restored: number;
  /** Alive only during one operator's backward (the widest), logits apart. */
  readonly transient: number;
  /** Logits as kept for backward, and what the worst point of the loss takes beside. */
  readonly logits: { readonly saved: number; readonly transient: number };
  readonly parameters: LocalParameters;
  /** Of `parameters`, those that are the model's embedding used again. */
  readonly tied: number;
  /** Parameters of the largest single weight. */
  readonly largest: number;
}

/** `extraResiduals`: residual-sized tensors that eager kernels keep beside what the arithmetic needs. */
export function operatorMemory(
  operators: readonly Operator[],
  recompute: Recompute,
  local: LocalShape,
  hiddenSize: number,
  extraResiduals = 0,
): OperatorMemory {
  const input = local.elementBytes * residualTokens(local) * hiddenSize;
  const others = operators.filter(({ logits }) => logits !== true);
  const logits = operators.filter((one) => one.logits === true);
  const weights = operators.flatMap((one) =>
    one.weights.map((weight) => ({ ...weight, parameters: localParameters(weight, local) })),
  );
  const sum = (of: typeof weights) => of.reduce((total, { parameters }) => total + parameters, 0);
  return {
    saved: savedBytes(others, recompute, input) + (recompute.mode === 'full' ? 0 : extraResiduals * input),
    restored: restoredBytes(others, recompute, input),
    transient: others.reduce((most, { backwardBytes }) => Math.max(most, backwardBytes), 0),
    logits: {
      saved: savedBytes(logits, KEEP, 0),
      transient: logits.reduce((total, { backwardBytes }) => total + backwardBytes, 0),
    },
    parameters: {
      dense: sum(weights.filter(({ split }) => split !== 'expert')),
      expert: sum(weights.filter(({ split }) => split === 'expert')),
    },
    tied: sum(weights.filter(({ tied }) => tied)),
    largest: weights.reduce((most, { parameters }) => Math.max(most, parameters), 0),
  };
}

const KEEP = { mode: 'none', modules: [], layersPerStage: null } as const;
