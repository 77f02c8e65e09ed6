import type { Value } from '../../foreign/python/value.ts';

/**
 * Configuration class, what a recipe sets, and what with `performance_mode=True` where that is other. What is left out is as most have
 * it: degrees of 1, one host of 8 GPUs, a micro-batch of one.
 */
export type Recipe = readonly [config: string, usual: string, fast?: string];

export const S = 'trainer.strategy';
/** Words of the tables that are one field. */
export const PATHS: Readonly<Record<string, string>> = {
  tp: `${S}.tensor_model_parallel_size`,
  pp: `${S}.pipeline_model_parallel_size`,
  vpp: `${S}.virtual_pipeline_model_parallel_size`,
  cp: `${S}.context_parallel_size`,
  ep: `${S}.expert_model_parallel_size`,
  etp: `${S}.expert_tensor_parallel_size`,
  first: `${S}.num_layers_in_first_pipeline_stage`,
  last: `${S}.num_layers_in_last_pipeline_stage`,
  nodes: 'trainer.num_nodes',
  gpus: 'trainer.devices',
  micro: 'data.micro_batch_size',
  batch: 'data.global_batch_size',
  seq: 'data.seq_length',
  mtp: 'model.config.mtp_num_layers',
  rank: 'peft.dim',
};

/** Words that are several, or none with a number. */
const MEANINGS: Readonly<Record<string, (value: string) => Readonly<Record<string, Value>>>> = {
  sp: () => ({ [`${S}.sequence_parallel`]: true }),
  ends: () => ({
    [`${S}.account_for_embedding_in_pipeline_split`]: true,
    [`${S}.account_for_loss_in_pipeline_split`]: true,
  }),
  beside: (what) => ({
    [`${S}.ddp.overlap_grad_reduce`]: what !== 'none',
    [`${S}.ddp.overlap_param_gather`]: what === 'all',
  }),
  'tp-overlap': () => ({ 'model.config.tp_comm_overlap': true }),
  deferred: () => ({ 'model.config.defer_embedding_wgrad_compute': true }),
  'bf16-gradients': () => ({ 'trainer.plugins.grad_reduce_in_fp32': false }),
  unsharded: () => ({ 'optim.config.use_distributed_optimizer': false }),
  'unfused-loss': () => ({ 'model.config.cross_entropy_loss_fusion': false }),
  recompute: (what) =>
    what === 'full'
      ? {
          'model.config.recompute_granularity': 'full',
          'model.config.recompute_method': 'uniform',
          'model.config.recompute_num_layers': 1,
        }
      : {
          'model.config.recompute_granularity': 'selective',
          'model.config.recompute_modules': what.split('+'),
        },
  fp8: (recipe) => ({
    'trainer.plugins.fp8': 'hybrid',
    'trainer.plugins.fp8_recipe': recipe,
    'trainer.plugins.fp8_param_gather': true,
  }),
  'bf16-states': () => ({
    'optim.config.use_precision_aware_optimizer': true,
    'optim.config.main_grads_dtype': 'bf16',
    'optim.config.exp_avg_dtype': 'bf16',
    'optim.config.exp_avg_sq_dtype': 'bf16',
  }),
  deepep: () => ({
    'model.config.moe_token_dispatcher_type': 'flex',
    'model.config.moe_enable_deepep': true,
  }),
  // MegatronTokenDropCallback's own room of an expert (nemo/lightning/pytorch/callbacks/moe_token_drop.py@8cfedd7).
  drops: () => ({
    'model.config.moe_expert_capacity_factor': 1,
    'model.config.moe_pad_expert_input_to_capacity': true,
  }),
  // Asked by itself: `packed_sequence=True`.
  packed: () => ({}),
  modules: (names) => ({ 'peft.target_modules': names.split('+') }),
};

/** What all recipes have that do not say otherwise. */
const USUAL = 'gpus=8 nodes=1 micro=1';

/** What words of the tables set, over what is usual; of a word that stands twice the last counts. */
export function fieldsOf(words: string): [path: string, value: Value][] {
  return `${USUAL} ${words}`.split(' ').flatMap((word): [string, Value][] => {
    const [name = '', value = ''] = word.split('=');
    const path = PATHS[name];
    return path === undefined ? Object.entries(MEANINGS[name]!(value)) : [[path, Number(value)]];
  });
}
