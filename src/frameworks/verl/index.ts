import type { Program } from '../port/program.ts';
import { verlReader } from './reader.ts';

/** verl: overrides of its Hydra configuration on the command line of `verl.trainer.main_ppo`. */
export const verl: Program = { id: 'verl', name: 'verl', reader: verlReader };
