import type { LocalShape } from '../local-shape.ts';
import { kept, type Operator, operator, stream } from '../operator.ts';

/**
 * Norms over all heads of queries and of keys have no fused kernel: eager operators in fp32 keep a copy of what they read, and what they
 * return (minimax_m2_provider.py of Megatron-Bridge@067f987; Olmo2RMSNorm of transformers). `elements`: of both on one GPU.
 */
export function wholeNorms(elements: number, { elementBytes: e }: LocalShape): Operator {
  return operator({
    name: 'qk-norms',
    modules: ['op'],
    kernels: [stream('element-wise', (2 * e + 16) * elements, (2 * e + 32) * elements, 8)],
    saved: [kept((4 + e) * elements, 'op')],
    hostUnits: 8,
  });
}
