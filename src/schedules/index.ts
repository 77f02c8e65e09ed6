import { breadthFirst } from './breadth-first.ts';
import { delayCorrected } from './delay-corrected.ts';
import { dualPipe } from './dual-pipe.ts';
import { gpipe } from './gpipe.ts';
import { interleaved } from './interleaved.ts';
import { oneForwardOneBackward } from './one-f-one-b.ts';
import { paci } from './paci.ts';
import type { Schedule } from './schedule.ts';
import { twoBuffered } from './two-buffered.ts';
import { dualPipeV, vHalf, vMin, zbV } from './v-shape.ts';
import { zbH1, zbH2 } from './zero-bubble.ts';

/** Every schedule the evaluator can time. A new one is a file and a line here. */
export const SCHEDULES: readonly Schedule[] = [
  gpipe,
  oneForwardOneBackward,
  twoBuffered,
  delayCorrected,
  paci,
  interleaved,
  breadthFirst,
  zbH1,
  zbH2,
  zbV,
  vHalf,
  vMin,
  dualPipeV,
  dualPipe,
];

/** Throws on an id that no module has: flags and files are checked before. */
export function scheduleOf(id: string): Schedule {
  const found = SCHEDULES.find((schedule) => schedule.id === id);
  if (found === undefined) throw new RangeError(`no schedule "${id}"`);
  return found;
}

/** What runs where nobody asks for another: rounds where a stage has several chunks. */
export function usualSchedule(virtualStages: number): Schedule {
  return virtualStages > 1 ? interleaved : oneForwardOneBackward;
}
