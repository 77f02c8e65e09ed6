/** Parts of a layer that can be run again in backward: Megatron's modules, and PyTorch's operator by operator (`op`). */
export const RECOMPUTE_MODULES = [
  'core_attn',
  'moe_act',
  'layernorm',
  'mla_up_proj',
  'mlp',
  'moe',
  'shared_experts',
  'op',
] as const;
export type RecomputeModule = (typeof RECOMPUTE_MODULES)[number];
