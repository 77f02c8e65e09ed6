import { deepspeed } from './deepspeed.ts';
import type { LogFormat } from './log-format.ts';
import { megatron } from './megatron.ts';
import { nanotron } from './nanotron.ts';
import { nemo } from './nemo.ts';
import { torchtitan } from './torchtitan.ts';

/** Every log that can be read. A new one is a file and a line here. */
export const LOG_FORMATS: readonly LogFormat[] = [megatron, torchtitan, deepspeed, nanotron, nemo];
