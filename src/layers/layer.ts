import type { LayerKind, ModelSpec } from '../domain/model.ts';
import type { RecomputeModule } from '../domain/plan.ts';
import type { Stack } from '../domain/stack.ts';
import type { Coefficients } from '../hardware/coefficients.ts';
import { denseMlp } from './dense-mlp.ts';
import { latentAttention } from './latent-attention.ts';
import { moeMlp } from './moe-mlp.ts';
import { norm, residual } from './norm.ts';
import type { LocalShape, Operator } from './operator.ts';
import { softmaxAttention } from './softmax-attention.ts';

/** The operators of one decoder layer in order of execution. */
export function layerOperators(
  model: ModelSpec,
  kind: LayerKind,
  local: LocalShape,
  stack: Stack,
  c: Coefficients,
): Operator[] {
  const h = model.hiddenSize;
  const rotary = model.learnedPositions === 0;
  const attention =
    kind.attention.kind === 'latent'
      ? latentAttention(kind.attention, h, local, stack)
      : softmaxAttention(kind.attention, h, rotary, local, stack);
  const mlp =
    kind.mlp.kind === 'moe'
      ? moeMlp(kind.mlp, h, local, stack, c)
      : denseMlp(kind.mlp.ffnHiddenSize, kind.mlp.gated, h, local, 'mlp', activationFused(stack));
  const whole: readonly RecomputeModule[] = kind.mlp.kind === 'moe' ? ['moe'] : [];
  const post = Math.max(0, model.norm.perLayer - 2) / 2;
  const extra = (name: string) => (post > 0 ? [norm(name, h, local, [])] : []);
  // DTensor's column-parallel linear keeps its gathered input; Megatron's gathers it again in backward.
  const copies = stack.fullySharded && local.sequenceParallel ? local.tensorParallel : 1;
  const second = model.norm.perLayer >= 2 ? [norm('mlp-norm', h, local, whole.slice(1), copies)] : [];
  return [
    norm('attention-norm', h, local, [], copies),
    ...attention,
    ...extra('post-attention-norm'),
    residual('attention-residual', h, local, stack.dropoutMasks, []),
    ...second,
    ...mlp,
    ...extra('post-mlp-norm'),
    residual('mlp-residual', h, local, stack.dropoutMasks, []),
  ];
}

/** Eager PyTorch keeps SiLU's output and the product apart; fused kernels and compilers do not. */
function activationFused(stack: Stack): boolean {
  return stack.compiled || stack.fusedActivation;
}
