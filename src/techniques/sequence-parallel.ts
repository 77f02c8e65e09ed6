import { flag } from '../document/shapes.ts';
import { Misread, technique } from './technique.ts';

/** Norms, residuals and dropout on a tensor-parallel rank's own tokens (Korthikanti et al. 2022, arXiv 2205.05198). */
export const sequenceParallel = technique<boolean>({
  id: 'sp',
  aliases: [],
  off: false,
  schema: flag,
  affects: 'layer',
  parse: (text) => (text === 'true' ? true : text === 'false' ? false : new Misread('true or false')),
  format: String,
  name: 'sequence parallel',
  words: (on) => (on ? 'on' : 'off'),
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
