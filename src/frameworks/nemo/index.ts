import type { Program } from '../port/program.ts';
import { nemoReader } from './reader.ts';

/**
 * NeMo 1: the YAML of megatron_gpt_pretraining.py and its like, or a script that starts them with overrides of one beside it. NeMo 2: a
 * program in Python over its recipes.
 */
export const nemo: Program = { id: 'nemo', name: 'NeMo', reader: nemoReader };
