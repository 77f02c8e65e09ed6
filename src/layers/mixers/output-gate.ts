import { kept, type LayerContext, type Operator, operator, stream } from '../operator.ts';

/** Attention's output times the sigmoid of its gate (transformers, modeling_qwen3_next.py): both are kept, beside their product that is projected. */
export function outputGate(width: number, { local }: LayerContext): Operator {
  const elements = (local.tokens * width) / local.tensorParallel;
  const e = local.elementBytes;
  return operator({
    name: 'output-gate',
    kernels: [stream('element-wise', 5 * e * elements, 8 * e * elements, 2)],
    saved: [kept(2 * e * elements)],
    hostUnits: 2,
  });
}
