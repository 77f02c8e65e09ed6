import type { Program } from '../port/program.ts';
import { axolotlReader } from './reader.ts';

/** Axolotl: one YAML for model, data and Trainer, on DeepSpeed, FSDP or plain data parallelism. */
export const axolotl: Program = { id: 'axolotl', name: 'Axolotl', reader: axolotlReader };
