import type { ModelSpec } from '../domain/model.ts';
import { asRun } from './eager.ts';
import { residualTokens } from './local-shape.ts';
import { input, kept, type LayerContext, type Operator, operator, stream } from './operator.ts';
import type { RecomputeModule } from './recompute-modules.ts';
import { vector, type Weight } from './weight.ts';

/**
 * A norm over the hidden size: reads and writes each element; backward reads x and dy, adds to and writes dx. Its output
 * is kept as the input of the linear that follows: `copies` times, where that keeps it as gathered over the ranks.
 */
export function norm(
  name: string,
  { model, local, stack }: LayerContext,
  modules: readonly RecomputeModule[],
  { copies = 1, part = 'norms' }: { readonly copies?: number; readonly part?: string } = {},
): Operator {
  const elements = residualTokens(local) * model.hiddenSize;
  const e = local.elementBytes;
  const [forward, backward] = asRun('norm', [2 * e, 4 * e], stack);
  return operator({
    name,
    modules: ['layernorm', 'op', ...modules],
    kernels: [stream('element-wise', forward * elements, backward * elements)],
    saved: [
      kept(e * elements, ...modules),
      input('block', copies * local.linearInputBytes * elements, 'layernorm', 'op', ...modules),
    ],
    weights: normWeights(part, model),
  });
}

/** A weight and, of layer norms, a bias, as far as the model has them. */
function normWeights(part: string, { hiddenSize, norm: { kind, bias, scale } }: ModelSpec): Weight[] {
  const vectors = (scale === false ? 0 : 1) + (kind === 'rms' || bias === false ? 0 : 1);
  return vectors === 0 ? [] : [vector(part, vectors * hiddenSize)];
}

/** Bias, dropout and residual addition in one kernel; keeps the mask where the stack keeps masks. */
export function residual(
  name: string,
  { model, local, stack }: LayerContext,
  modules: readonly RecomputeModule[],
): Operator {
  const elements = residualTokens(local) * model.hiddenSize;
  const e = local.elementBytes;
  const mask = stack.dropoutMasks;
  const maskBytes = mask ? elements : 0;
  return operator({
    name,
    modules,
    kernels: [
      stream('element-wise', 3 * e * elements + maskBytes, (mask ? 2 * e * elements : 0) + maskBytes),
    ],
    saved: [kept(maskBytes, ...modules)],
  });
}
