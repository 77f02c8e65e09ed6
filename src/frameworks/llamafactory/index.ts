import type { Program } from '../port/program.ts';
import { llamafactoryReader } from './reader.ts';

/** LLaMA-Factory: one YAML for model, method, data and Trainer, on DeepSpeed, FSDP or plain data parallelism. */
export const llamafactory: Program = {
  id: 'llamafactory',
  name: 'LLaMA-Factory',
  reader: llamafactoryReader,
};
