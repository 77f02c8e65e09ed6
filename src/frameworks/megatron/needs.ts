import type { Problem } from '../../domain/problem.ts';
import { kernelPackagesOf } from '../../layers/layer.ts';
import { sparseLatent } from '../../layers/mixers/sparse-latent.ts';
import { isWhole } from './optimizer.ts';

/** Of a model with sparse attention (--dsa-kernel-backend). */
const SPARSE =
  'Sparse attention is planned with `--dsa-kernel-backend tilelang`, whose packages have to be there: without them it keeps all scores. The weight of its loss, `--dsa-indexer-loss-coeff`, is yours to add.';

/**
 * Packages that the flags rest on, as lines of a README (pyproject.toml and megatron/core/optimizer/emerging_optimizers.py@d98e8a6;
 * versions: precision.ts).
 */
export function packageNotes({ model, workload, stack }: Problem): string[] {
  const { precision } = workload;
  const packages = kernelPackagesOf(model);
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
    ...(packages.length === 0
      ? []
      : [
          `Layers that are not attention need the packages ${packages.map((one) => `\`${one}\``).join(' and ')}.`,
        ]),
    ...(model.kinds.some(({ mixer }) => sparseLatent.is(mixer)) ? [SPARSE] : []),
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
