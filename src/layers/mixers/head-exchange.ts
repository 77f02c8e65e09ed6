import type { Reason } from '../../domain/reason.ts';
import type { Split } from '../layer-module.ts';
import type { Communication, LayerContext } from '../operator.ts';

/**
 * Context parallelism of what runs along the sequence: ranks swap their part of it for some heads before and back after, all-to-all
 * (megatron/core/ssm/mamba_context_parallel.py@d98e8a6). `elements`: of one token, what goes there and what comes back.
 */
export function headExchange(elements: number, { local }: LayerContext): Communication[] {
  const { contextParallel: cp, tokens, elementBytes } = local;
  if (cp === 1) return [];
  const one = { group: 'context', collective: 'allToAll', bytes: elementBytes * tokens * elements } as const;
  return [
    { ...one, pass: 'forward' },
    { ...one, pass: 'backward' },
  ];
}

/** Each rank has whole heads. */
export function headsLaw(what: string, heads: number, { tp, cp }: Split): Reason | null {
  return heads % (tp * cp) === 0
    ? null
    : {
        rule: 'heads-divisible-by-tp-cp',
        actual: `${heads} ${what}`,
        limit: `a multiple of tp·cp=${tp * cp}`,
      };
}
