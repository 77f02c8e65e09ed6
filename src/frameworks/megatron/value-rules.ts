import { bad } from '../reading/file-rule.ts';
import { notAmong } from '../reading/known-values.ts';
import { FLAG_CHOICES } from './flag-choices.ts';
import type { MegatronRule } from './run.ts';

/** Flags with choices that an estimate rests on: all who hand flags to Megatron-LM have the same. */
const ESTIMATED =
  `cross-entropy-fusion-impl data-parallel-sharding-strategy exp-avg-dtype exp-avg-sq-dtype fp4-format fp4-recipe
  fp8-format fp8-recipe main-grads-dtype main-params-dtype moe-token-dispatcher-type muon-scalar-optimizer muon-tp-mode optimizer
  recompute-granularity recompute-method`.split(/\s+/);

const FRACTION = '--optimizer-offload-fraction';

/** Values that no flag of that name has, whatever the format of the file. */
export const VALUE_RULES: readonly MegatronRule[] = [
  {
    rule: 'known-values',
    at: '',
    unreadable: true,
    check: (run) => {
      for (const bare of ESTIMATED) {
        const [name, choices] = [`--${bare}`, FLAG_CHOICES.get(bare)!];
        const value = run.word(name);
        if (value === null || isWorkedOut(value) || choices.includes(value)) continue;
        return { ...notAmong(`${name} ${value}`, value, choices), line: run.line(name) };
      }
      return null;
    },
  },
  {
    // arguments.py@d98e8a6: "optimizer_offload_fraction must be between 0 and 1".
    rule: 'offload-fraction',
    at: FRACTION,
    unreadable: true,
    check: (run) => {
      const value = run.word(FRACTION);
      return value === null || isWorkedOut(value) || (Number(value) >= 0 && Number(value) <= 1)
        ? null
        : bad(`${FRACTION} ${value}`, 'a number from 0 to 1', `Set ${FRACTION} to a share, such as 0.5.`);
    },
  },
];

/** By the shell. */
export function isWorkedOut(value: string): boolean {
  return /[$`]/.test(value);
}

export const isEstimated = (bare: string): boolean => ESTIMATED.includes(bare);
