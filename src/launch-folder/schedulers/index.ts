import { dstack } from './dstack.ts';
import { pytorchjob } from './pytorchjob.ts';
import type { Scheduler } from './scheduler.ts';
import { slurm } from './slurm.ts';

/** Schedulers by the ids that `--scheduler` takes. */
export const SCHEDULERS: readonly Scheduler[] = [slurm, pytorchjob, dstack];
