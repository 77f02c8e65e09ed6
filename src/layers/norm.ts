import type { RecomputeModule } from '../domain/plan.ts';
import { kept, type LocalShape, type Operator, residualTokens, stream } from './operator.ts';

/**
 * A norm over the hidden size: reads and writes each element; backward reads x and dy, adds to and writes dx. Its output
 * is kept as the input of the linear that follows: `copies` times, where that keeps it as gathered over the ranks.
 */
export function norm(
  name: string,
  hidden: number,
  local: LocalShape,
  modules: readonly RecomputeModule[],
  copies = 1,
): Operator {
  const elements = residualTokens(local) * hidden;
  const e = local.elementBytes;
  return {
    name,
    modules: ['layernorm', 'op', ...modules],
    kernels: [stream('element-wise', 2 * e * elements, 4 * e * elements)],
    communication: [],
    saved: [
      kept(e * elements, ...modules),
      kept(copies * local.linearInputBytes * elements, 'layernorm', 'op', ...modules),
    ],
    backwardBytes: 0,
    hostUnits: 1,
  };
}

/** Bias, dropout and residual addition in one kernel; keeps the mask where the stack keeps masks. */
export function residual(
  name: string,
  hidden: number,
  local: LocalShape,
  mask: boolean,
  modules: readonly RecomputeModule[],
): Operator {
  const elements = residualTokens(local) * hidden;
  const e = local.elementBytes;
  const maskBytes = mask ? elements : 0;
  return {
    name,
    modules,
    kernels: [
      stream('element-wise', 3 * e * elements + maskBytes, (mask ? 2 * e * elements : 0) + maskBytes),
    ],
    communication: [],
    saved: [kept(maskBytes, ...modules)],
    backwardBytes: 0,
    hostUnits: 1,
  };
}
