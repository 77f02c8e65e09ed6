import type { StageContext } from '../../techniques/technique.ts';

/**
 * Scores of all heads of one layer, 16 bits, where the stack keeps a buffer for them: b·heads·s·s elements (matmul_input_buffer in
 * megatron/core/transformer/dot_product_attention.py).
 */
export function scoreBuffer({ problem, local }: StageContext): number {
  const { model, stack } = problem;
  if (stack.keepsScoreBuffer !== true || stack.attentionKernel !== 'unfused') return 0;
  const heads = Math.max(
    ...model.kinds.map(({ mixer }) => (mixer !== null && 'heads' in mixer ? Number(mixer.heads) : 0)),
  );
  return (local.elementBytes * local.tokens * local.sequence * heads) / local.tensorParallel;
}
