import type { Problem } from '../../domain/problem.ts';
import { isWhole } from './optimizer.ts';

/**
 * Packages that the flags rest on, as lines of a README (pyproject.toml and megatron/core/optimizer/emerging_optimizers.py@d98e8a6;
 * versions: precision.ts).
 */
export function packageNotes({ workload, stack }: Problem): string[] {
  const { precision } = workload;
  return [
    ...(stack.attentionKernel === 'unfused'
      ? []
      : [
          'Attention is planned as a fused kernel: Transformer Engine with cuDNN or FlashAttention has to be installed, as `--transformer-impl transformer_engine`, the default, takes it.',
        ]),
    ...(isWhole(workload)
      ? [
          `\`--optimizer ${workload.optimizer}\` needs the package \`emerging_optimizers\` beside Megatron-LM.`,
        ]
      : []),
    ...(precision === 'fp8'
      ? [
          '`--fp8-recipe tensorwise` needs Transformer Engine 2.2, or 2.6 with recomputed layernorm or moe_act.',
        ]
      : []),
    ...(workload.packing?.separate === true
      ? [
          '`--sft` reads chat data and packs its samples; mock data are not packed, so that a trial run with them does not show the planned time.',
        ]
      : []),
  ];
}
