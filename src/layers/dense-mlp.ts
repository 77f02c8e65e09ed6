import type { RecomputeModule } from '../domain/plan.ts';
import { columnParallel, rowParallel } from './linear.ts';
import { kept, type LocalShape, type Operator, stream } from './operator.ts';

/** Two- or three-matrix MLP; `width` is the whole ffn size, divided by tensor parallelism here. */
export function denseMlp(
  width: number,
  gated: boolean,
  hidden: number,
  local: LocalShape,
  module: RecomputeModule = 'mlp',
  fusedActivation = true,
): Operator[] {
  const f = width / local.tensorParallel;
  const e = local.elementBytes;
  const up = gated ? 2 : 1;
  const elements = local.tokens * f;
  return [
    columnParallel(
      {
        name: 'fc1',
        inputs: hidden,
        outputs: up * f,
        saved: [kept(e * elements, module), ...(gated ? [kept(e * elements, module, 'op')] : [])],
        modules: [module],
        backwardBytes: e * local.tokens * (hidden + (up + 1) * f),
      },
      local,
    ),
    {
      name: 'activation',
      modules: [module, 'op'],
      kernels: [
        stream('element-wise', (up + 1) * e * elements, (2 * up + 1) * e * elements, fusedActivation ? 1 : 2),
      ],
      communication: [],
      saved: [
        kept(local.linearInputBytes * elements, module, 'op'),
        ...(fusedActivation || !gated ? [] : [kept(e * elements, module, 'op')]),
      ],
      backwardBytes: 0,
      hostUnits: 1,
    },
    rowParallel({ name: 'fc2', inputs: f, outputs: hidden, saved: [], modules: [module] }, local),
  ];
}
