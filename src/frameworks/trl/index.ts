import type { Program } from '../port/program.ts';
import { trlReader } from './reader.ts';

/** TRL: `trl sft --config FILE`, or `accelerate launch … sft.py` in a shell script, with accelerate's configuration beside it. */
export const trl: Program = { id: 'trl', name: 'TRL', reader: trlReader };
