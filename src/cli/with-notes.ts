import type { Estimate } from '../domain/estimate.ts';
import { formatSeconds } from '../units/format.ts';
import type { AskedPlan } from './asked-plan.ts';
import { sameStep } from './verified-plan.ts';

/** An estimate with what reading said, what its launcher rests on, and where a plan file says another step. */
export function withNotes({ problem, plan, launcher, notes, stated }: AskedPlan, costed: Estimate): Estimate {
  const other =
    stated !== undefined && !sameStep(stated.stepSeconds, costed.stepSeconds)
      ? [
          `${stated.name} says ${formatSeconds(stated.stepSeconds)} a step: it is of another version or had flags that it does not name`,
        ]
      : [];
  return {
    ...costed,
    assumptions: [...notes, ...other, ...costed.assumptions, ...(launcher?.restsOn?.(problem, plan) ?? [])],
  };
}
