import type { Optimizer } from './optimizer.ts';

/** Read and written in a step, fp32. */
const MOMENT = 2 * 4;

/** One moment for each parameter, whose sign is the update, and an fp32 master where weights are of low precision. */
export const lion: Optimizer = {
  id: 'lion',
  name: 'Lion',
  source: 'arXiv 2302.06675, algorithm 2',
  stateBytes: (_, { master, moment }) => master + moment,
  stepBytes: (_, c) => c.optimizerBytes - MOMENT,
};
