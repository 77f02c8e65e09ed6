import type { Program } from '../port/program.ts';
import { openrlhfReader } from './reader.ts';

/** OpenRLHF: the command line of its SFT, DPO, reward and PPO trainers, on DeepSpeed. */
export const openrlhf: Program = { id: 'openrlhf', name: 'OpenRLHF', reader: openrlhfReader };
