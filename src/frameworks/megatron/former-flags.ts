import type { Flag } from './flags.ts';

/**
 * What flags of Megatron-LM of before 3.0 are called since; a method alone meant full recomputation
 * (examples/academic_paper_scripts/sc21@d98e8a6 still say `--activations-checkpoint-method`).
 */
const FORMER: Readonly<Record<string, string>> = {
  '--activations-checkpoint-method': '--recompute-method',
  '--activations-checkpoint-num-layers': '--recompute-num-layers',
  '--activations-checkpoint-granularity': '--recompute-granularity',
};
const GRANULARITY = '--recompute-granularity';

/** Flags with those of today beside former ones that mean the same: both are told, and one is read. */
export function withFormer(flags: ReadonlyMap<string, Flag>): ReadonlyMap<string, Flag> {
  const found = new Map(flags);
  for (const [former, name] of Object.entries(FORMER)) {
    const flag = flags.get(former);
    if (flag !== undefined && !found.has(name)) found.set(name, { ...flag, name });
  }
  const method = flags.get('--activations-checkpoint-method');
  if (method !== undefined && !found.has(GRANULARITY))
    found.set(GRANULARITY, { name: GRANULARITY, values: ['full'], line: method.line });
  return found;
}
