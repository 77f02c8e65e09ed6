import { type Capabilities, type Express, HOST_ORDER } from '../port/framework.ts';

/** Megatron-LM's, and that of the frameworks whose back end it is. */
export const MEGATRON_CAPABILITIES: Capabilities = { ...HOST_ORDER, endsAlone: true };

export const MEGATRON_EXPRESS: Express = {
  layers: ['softmax', 'latent', 'dense', 'moe'],
  schedules: ['1f1b', 'interleaved-1f1b'],
  optimizers: { adamw: {} },
  // Without a flag it computes in fp32.
  precisions: ['bf16', 'fp16', 'fp32', 'fp8', 'mxfp8', 'nvfp4'],
  techniques: ['sp', 'tp-overlap', 'tp-overlap:userbuffers', 'cp-comm', 'loss', 'recompute', 'zero'],
};
