import type { Problem } from '../../domain/problem.ts';
import { gatedDeltaNet } from '../../layers/mixers/gated-delta-net.ts';
import { mamba2 } from '../../layers/mixers/mamba2.ts';
import { sparseLatent } from '../../layers/mixers/sparse-latent.ts';
import { isWhole } from './optimizer.ts';

/** Kernels of layers that are not attention, which no other package has. */
const PACKAGES = [
  { kind: mamba2.kind, told: 'Layers of Mamba-2 need the packages `mamba-ssm` and `causal-conv1d`.' },
  {
    kind: gatedDeltaNet.kind,
    told: 'Gated delta nets need the packages `flash-linear-attention` and `causal-conv1d`.',
  },
  {
    kind: sparseLatent.kind,
    told: 'Sparse attention is planned with `--dsa-kernel-backend tilelang`, whose packages have to be there: without them it keeps all scores. The weight of its loss, `--dsa-indexer-loss-coeff`, is yours to add.',
  },
] as const;

/**
 * Packages that the flags rest on, as lines of a README (pyproject.toml and megatron/core/optimizer/emerging_optimizers.py@d98e8a6;
 * versions: precision.ts).
 */
export function packageNotes({ model, workload, stack }: Problem): string[] {
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
    ...PACKAGES.filter(({ kind }) => model.kinds.some(({ mixer }) => mixer?.kind === kind)).map(
      ({ told }) => told,
    ),
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
