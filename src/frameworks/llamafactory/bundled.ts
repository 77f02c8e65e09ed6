import type { Bundled } from '../hf-trainer/deepspeed-file.ts';

const HOST = { 'offload-optimizer': '1' } as const;
const SLOW = { 'dp-overlap': 'none' } as const;

/** `examples/deepspeed`@ff6d4d1: none overlaps communication. */
export const BUNDLED: Bundled = {
  'examples/deepspeed/ds_z0_config.json': { zero: '0' },
  'examples/deepspeed/ds_z2_config.json': { zero: '2', ...SLOW },
  'examples/deepspeed/ds_z2_offload_config.json': { zero: '2', ...SLOW, ...HOST },
  'examples/deepspeed/ds_z3_config.json': { zero: '3', ...SLOW },
  'examples/deepspeed/ds_z3_fp8_config.json': { zero: '3', ...SLOW, ...HOST },
  'examples/deepspeed/ds_z3_offload_config.json': {
    ...{ zero: '3', ...SLOW, ...HOST },
    'offload-parameters': 'host',
  },
};
