import { scheduleOf } from '../schedules/index.ts';
import type { StageContext } from '../techniques/technique.ts';

/** Whether the next step's micro-batches hide what the network is sent for this one. */
export function reducesBeside({ dims, schedule }: Pick<StageContext, 'dims' | 'schedule'>): boolean {
  return dims.pp > 1 && scheduleOf(schedule).reducesBeside === true;
}
