import type { LayerKind } from '../domain/model.ts';
import type { LayerContext, Operator } from './operator.ts';

/** What a layer is built for: one that stays in 16 bits keeps the inputs of its linears in them. */
export function contextOf({ wide }: LayerKind, context: LayerContext): LayerContext {
  const { local } = context;
  return wide === 'all' && local.linearInputBytes < local.elementBytes
    ? { ...context, local: { ...local, linearInputBytes: local.elementBytes } }
    : context;
}

/**
 * GEMMs of what stays in 16 bits where the others compute in less, at their rate: whole layers (Megatron's --first-last-layers-bf16 and
 * --num-layers-at-end-in-bf16) or what a quantisation recipe names.
 */
export function keptWide(operators: Operator[], wide: LayerKind['wide']): Operator[] {
  if (wide === undefined) return operators;
  return operators.map((one) =>
    wide === 'all' || wide.includes(one.name)
      ? {
          ...one,
          kernels: one.kernels.map((kernel) => (kernel.kind === 'gemm' ? { ...kernel, wide: true } : kernel)),
        }
      : one,
  );
}
