import type { Bundled } from '../hf-trainer/deepspeed-file.ts';

const HOST = { 'offload-optimizer': '1' } as const;

/** `deepspeed_configs`@067b021: all overlap communication, and its ZeRO-2 keeps states on the host. */
export const BUNDLED: Bundled = {
  'deepspeed_configs/zero1.json': { zero: '1' },
  'deepspeed_configs/zero1_torch_compile.json': { zero: '1' },
  'deepspeed_configs/zero2.json': { zero: '2', ...HOST },
  'deepspeed_configs/zero2_torch_compile.json': { zero: '2', ...HOST },
  'deepspeed_configs/zero3.json': { zero: '3' },
  'deepspeed_configs/zero3_bf16.json': { zero: '3' },
  'deepspeed_configs/zero3_bf16_cpuoffload_params.json': { zero: '3', 'offload-parameters': 'host' },
  'deepspeed_configs/zero3_bf16_cpuoffload_all.json': { zero: '3', ...HOST, 'offload-parameters': 'host' },
};
