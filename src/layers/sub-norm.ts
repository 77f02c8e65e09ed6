import type { Reason } from '../domain/reason.ts';
import { kept, type LayerContext, type Operator, operator, stream } from './operator.ts';
import type { RecomputeModule } from './recompute-modules.ts';
import { vector } from './weight.ts';

/**
 * An RMS norm over `width` elements of each token inside a block, in front of its last projection (BitNet b1.58 2B4T,
 * arXiv 2504.12285, section 2: subln). What it writes is kept as that projection's input, beside what it reads.
 */
export function subNorm(
  name: string,
  part: string,
  width: number,
  { local }: LayerContext,
  modules: readonly RecomputeModule[],
): Operator {
  const elements = local.tokens * width;
  const e = local.elementBytes;
  return operator({
    name,
    modules: [...modules],
    kernels: [stream('element-wise', 2 * e * elements, 4 * e * elements)],
    saved: [kept(e * elements, ...modules)],
    weights: [vector(part, width)],
  });
}

/** Its mean square is over what tensor parallelism would part. */
export function subNormLaw(tp: number): Reason | null {
  return tp === 1
    ? null
    : {
        rule: 'sub-norm-whole',
        actual: `tp=${tp}`,
        limit: 'tp=1: a norm inside the block is over all of its width',
      };
}
