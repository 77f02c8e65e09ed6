import type { ScheduleId } from '../domain/plan.ts';
import { breadthFirst } from './breadth-first.ts';
import { gpipe } from './gpipe.ts';
import { interleaved } from './interleaved.ts';
import { oneForwardOneBackward } from './one-f-one-b.ts';
import type { Schedule } from './schedule.ts';
import { dualPipeV, vHalf, vMin, zbV } from './v-shape.ts';
import { zbH1, zbH2 } from './zero-bubble.ts';

/** Every schedule the evaluator can time. A new one is a file and a line here. */
export const SCHEDULE_LIST: readonly Schedule[] = [
  gpipe,
  oneForwardOneBackward,
  interleaved,
  breadthFirst,
  zbH1,
  zbH2,
  zbV,
  vHalf,
  vMin,
  dualPipeV,
];

export function scheduleOf(id: ScheduleId): Schedule | undefined {
  return SCHEDULE_LIST.find((schedule) => schedule.id === id);
}
