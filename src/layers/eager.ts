import type { Stack } from '../domain/stack.ts';

/** HBM bytes for each element, forward and backward. */
type Passes = readonly [forward: number, backward: number];

/**
 * A norm over the hidden size, a rotation of queries and keys, a gated activation, written out in torch operators that each read and write all of it, in fp32 inside,
 * as torchtune and the first Llama code have them (torchtune/modules/rms_norm.py and position_embeddings.py@bd2a0fc), 16 bits outside.
 * Norm: to fp32 6, square 8, mean 4, scaled 8, to 16 bits 6, times its weight 4; backward of each, two gradients added, and added to the
 * residual's. Rotation: to fp32 6, four products that read every second word 24, their sums 12, stacked 8, to 16 bits 6; backward fills
 * zeros around each half and adds them up besides. Activation: SiLU 4 and the product 6; their backward 6 and 12.
 */
const WRITTEN_OUT = { norm: [36, 82], rotation: [56, 108], gated: [10, 18] } as const satisfies Record<
  string,
  Passes
>;

/**
 * transformers rotates in 16 bits (apply_rotary_pos_emb): times the cosine 4, halves turned and joined 6, times the sine 4, their sum 6;
 * backward of both products 8, the turned halves' gradients in zeros of full size 8, all added 10.
 */
const IN_16_BITS: Passes = [20, 26];

/** As the stack runs it: what it has written out, or `fused`, one kernel that a compiler or a library makes of it. */
export function asRun(what: keyof typeof WRITTEN_OUT, fused: Passes, stack: Stack): Passes {
  if (stack.compiled || (stack.elementwise ?? 'fused') === 'fused') return fused;
  return what === 'rotation' && stack.elementwise === 'eager-16bit' ? IN_16_BITS : WRITTEN_OUT[what];
}
