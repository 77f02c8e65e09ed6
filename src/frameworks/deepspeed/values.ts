import type { ValuesOf } from '../reading/known-values.ts';
import { ZERO } from './settings.ts';

/** ZeroStageEnum (deepspeed/runtime/zero/config.py@1b88ac3). */
export const STAGES: ValuesOf = { [`${ZERO}.stage`]: [0, 1, 2, 3] };

/** OffloadDeviceEnum (deepspeed/runtime/zero/offload_config.py@1978617). */
export const DEVICES: ValuesOf = {
  [`${ZERO}.offload_param.device`]: ['none', 'cpu', 'nvme'],
  [`${ZERO}.offload_optimizer.device`]: ['none', 'cpu', 'nvme'],
};

const SWITCHES = [
  'bf16.enabled',
  'bfloat16.enabled',
  'fp16.enabled',
  'bf16.bf16_master_weights_and_grads',
  'bf16.bf16_optimizer_states',
  ...[
    'contiguous_gradients',
    'cpu_offload',
    'cpu_offload_param',
    'offload_optimizer.pin_memory',
    'offload_param.pin_memory',
    'overlap_comm',
    'reduce_scatter',
    'round_robin_gradients',
    'zero_quantized_gradients',
    'zero_quantized_nontrainable_weights',
    'zero_quantized_weights',
  ].map((key) => `${ZERO}.${key}`),
  'activation_checkpointing.cpu_checkpointing',
  'activation_checkpointing.partition_activations',
];

/** Of keys that an estimate rests on (the same files; runtime/precision_config.py@0ac4684, runtime/constants.py@edaa722). */
export const VALUES: ValuesOf = {
  ...Object.fromEntries(SWITCHES.map((path) => [path, 'switch'] as const)),
  [`${ZERO}.offload_optimizer.ratio`]: 'share',
  'data_types.grad_accum_dtype': ['fp32', 'fp16', 'bf16'],
};
