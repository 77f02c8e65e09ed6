import type { Plan, Techniques } from '../../domain/plan.ts';
import { SCHEDULES, scheduleOf } from '../../schedules/index.ts';
import { leavesFor, TECHNIQUES } from '../../techniques/index.ts';
import { rememberedOf } from '../../units/remembered.ts';

const known = new WeakMap<Techniques, readonly string[]>();

/** What a plan does that a search only tries by leave, by the names that --allow takes. */
export function byLeave({ techniques, schedule }: Pick<Plan, 'techniques' | 'schedule'>): readonly string[] {
  const { allowedAs } = scheduleOf(schedule);
  const used = rememberedOf(known, techniques, () => [
    ...new Set(TECHNIQUES.flatMap((one) => leavesFor(one, one.of(techniques)))),
  ]);
  return allowedAs === undefined || used.includes(allowedAs) ? used : [...used, allowedAs];
}

/** All that --allow takes. */
export const LEAVES: readonly string[] = [
  ...new Set(
    [
      ...TECHNIQUES.flatMap(({ allowedAs, pricedAs }) => [allowedAs, pricedAs]),
      ...SCHEDULES.map(({ allowedAs }) => allowedAs),
    ].filter((one) => one !== undefined),
  ),
];
