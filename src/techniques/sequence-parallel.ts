import { flag } from '../document/shapes.ts';
import { ON_OR_OFF } from './on-or-off.ts';
import { technique } from './technique.ts';

/** Norms, residuals and dropout on a tensor-parallel rank's own tokens (Korthikanti et al. 2022, arXiv 2205.05198). */
export const sequenceParallel = technique<boolean>({
  id: 'sp',
  aliases: [],
  ...ON_OR_OFF,
  schema: flag,
  affects: 'layer',
  name: 'sequence parallel',
  usual: (_, { tp }) => tp > 1,
  resolve: (on, _, { tp }) => on && tp > 1,
  reject(on, { workload: { sequenceLength } }, { tp, cp }) {
    const parts = cp > 1 ? 2 * cp * tp : tp;
    return !on || tp === 1 || sequenceLength % parts === 0
      ? null
      : {
          rule: 'sequence-divisible',
          actual: `sequence length ${sequenceLength}`,
          limit: `a multiple of ${parts} (tp=${tp}, cp=${cp}) for sequence parallelism`,
        };
  },
  local: (on, local, { tp }) => ({ ...local, sequenceParallel: on && tp > 1 }),
});
