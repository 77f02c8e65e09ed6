import type { GpuSpec } from '../domain/gpu.ts';
import type { Operator } from '../layers/operator.ts';
import type { Weight } from '../layers/weight.ts';
import { ON_OR_OFF } from './on-or-off.ts';
import { technique } from './technique.ts';

/**
 * Weights of linear layers held in fp8 in place of a 16-bit copy that is quantised for each use, and gathered in it: half the
 * bytes of all-gathers (Transformer Engine's primary fp8 weights, Megatron's --fp8-param-gather). Router, embedding, head and
 * norms stay as they are, and masters too.
 */
export const fp8Weights = technique<boolean>({
  id: 'fp8-weights',
  aliases: [],
  ofDecoders: true,
  ...ON_OR_OFF,
  affects: 'layer',
  name: 'fp8 weights',
  reject: (on, { workload: { precision } }) =>
    on && precision !== 'fp8'
      ? {
          rule: 'fp8-weights',
          actual: `fp8 weights in ${precision}`,
          limit: '--precision fp8, one scale a tensor',
          hint: 'Maybe --precision fp8.',
        }
      : null,
  layer: (on, operators, { group: { gpu }, problem: { stack } }) =>
    on
      ? operators.map((one) => narrowed(one, stack.state.master > 0 ? heldBytes(gpu) : null))
      : [...operators],
});

/**
 * Before Blackwell a GPU multiplies fp8 in one layout alone, so that backward needs each weight transposed too: a byte more
 * (keep_fp8_transpose_cache in megatron/core/distributed/fsdp/src/README.md@d98e8a6; is_non_tn_fp8_gemm_supported in
 * transformer_engine/pytorch/csrc/quantizer.cpp@d0067d0).
 */
function heldBytes({ architecture }: GpuSpec): number {
  return architecture.startsWith('blackwell') ? 1 : 2;
}

/** `held` of null: shards stay in fp32 as their own masters, and are cast when they are gathered. */
function narrowed(one: Operator, held: number | null): Operator {
  const narrow = one.kernels.some((kernel) => kernel.kind === 'gemm' && kernel.wide !== true);
  if (!narrow) return one;
  const weights = one.weights.map(
    (weight): Weight =>
      weight.role === 'matrix' && weight.columns > 1 && weight.trainable && weight.bytes === null
        ? { ...weight, bytes: held, gathered: 1 }
        : weight,
  );
  return { ...one, weights };
}
