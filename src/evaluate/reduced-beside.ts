import { scheduleOf } from '../schedules/index.ts';
import type { StageContext } from '../techniques/technique.ts';

/** Whether the next step's micro-batches hide what the network is sent for this one. */
export function reducesBeside({ dims, schedule }: Pick<StageContext, 'dims' | 'schedule'>): boolean {
  return dims.pp > 1 && scheduleOf(schedule).reducesBeside === true;
}

/** What is reduced beside the next step leaves that one's gradients a buffer of their own. */
export function gradientBuffers(context: Pick<StageContext, 'dims' | 'schedule'>): number {
  const { dpReplicate, dpShard } = context.dims;
  return reducesBeside(context) && dpReplicate * dpShard > 1 ? 2 : 1;
}
