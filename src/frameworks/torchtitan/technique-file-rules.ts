import { nearest } from '../../units/nearest.ts';
import { bad, divides, type FileRule } from '../reading/file-rule.ts';
import { classOf } from './made.ts';
import type { TitanRun } from './run.ts';
import { tokenUnit } from './schedules.ts';
import type { TitanSizes } from './sizes.ts';

const P = 'parallelism';
/** Where it was, and is, said. */
export const ASYNC = [`${P}.enable_async_tensor_parallel`, 'compile.enable_async_tensor_parallel'];

/** Fields of ParallelismConfig (torchtitan/config/configs.py), with those that came or went since 2024. */
const FIELDS =
  `data_parallel_replicate_degree data_parallel_shard_degree fsdp_reshard_after_forward enable_fsdp_symm_mem
  fsdp_symm_mem_scope fsdp_defer_gradient_reduction tensor_parallel_degree disable_loss_parallel
  enable_async_tensor_parallel enable_sequence_parallel full_dtensor spmd_backend pipeline_parallel_degree
  module_fqns_per_model_part pipeline_parallel_module_fqns_per_model_part pipeline_parallel_first_stage_less_layers
  pipeline_parallel_last_stage_less_layers pipeline_parallel_layers_per_stage pipeline_parallel_schedule
  pipeline_parallel_schedule_csv pipeline_parallel_split_points pipeline_parallel_microbatches
  pipeline_parallel_microbatch_size num_pp_microbatches context_parallel_degree
  context_parallel_load_balancer context_parallel_ptrr_mask_key context_parallel_rotate_method expert_parallel_degree
  expert_tensor_parallel_degree`.split(/\s+/);

/** What Trainer.Config.__post_init__ and Trainer.__init__ (torchtitan/trainer.py) ask of batch and techniques. */
export const TECHNIQUE_FILE_RULES: readonly FileRule<TitanRun, TitanSizes>[] = [
  {
    rule: 'tokens-divisible',
    at: 'training.num_tokens_per_microbatch_per_dp_rank',
    check: (_, { tp, cp, sequenceParallel, microTokens }) =>
      divides(
        'tokens in a micro-batch',
        microTokens,
        tokenUnit(tp, cp, sequenceParallel),
        cp > 1 ? (sequenceParallel ? 'tp·2·cp =' : '2·cp =') : 'tp',
        'Change the tokens or the degrees.',
      ),
  },
  {
    rule: 'tokens-per-step',
    at: 'training.num_tokens_per_train_step',
    check: (_, { replicate, shard, microTokens, microBatches, stepTokens }) =>
      shard === null
        ? null
        : divides(
            'tokens in a step',
            stepTokens,
            microTokens * microBatches * replicate * shard,
            'tokens·micro-batches·dp =',
            'Change num_pp_microbatches or the tokens.',
          ),
  },
  {
    rule: 'cuda-graphs',
    at: 'training.disable_cuda_graphs',
    check: (run, { pp, ep }) => {
      const routed = ep > 1 && run.model !== null && run.model.experts !== null;
      return (pp > 1 || routed) && run.at('training.disable_cuda_graphs') === false
        ? bad(
            `CUDA graphs with ${pp > 1 ? 'a pipeline' : 'expert parallelism'}`,
            'disable_cuda_graphs = True',
            'Set it.',
          )
        : null;
    },
  },
  {
    rule: 'memory-budget',
    at: 'activation_checkpoint',
    check: (run) =>
      classOf(run.at('activation_checkpoint')) === 'MemoryBudgetAC' && !compilesModel(run)
        ? bad(
            'MemoryBudgetAC',
            'compile.enable = True, "model" in compile.components',
            'Set it, or use SelectiveAC.',
          )
        : null,
  },
  {
    rule: 'async-tensor-parallel',
    at: ASYNC[0]!,
    check: (run, { tp, sequenceParallel }) => {
      const asked = ASYNC.find((path) => run.at(path) === true);
      if (asked === undefined || tp === 1) return null;
      const line = run.line(asked);
      if (!compilesModel(run))
        return { ...bad(asked, 'compile.enable = True, "model" in compile.components', 'Set it.'), line };
      return sequenceParallel ? null : { ...bad(asked, 'enable_sequence_parallel = True', 'Set it.'), line };
    },
  },
  {
    rule: 'known-fields',
    at: '',
    check: (run) => {
      for (const path of run.paths) {
        const name = path.startsWith(`${P}.`) ? path.slice(P.length + 1) : null;
        if (name === null || FIELDS.includes(name)) continue;
        const near = nearest(name, FIELDS);
        if (near !== undefined)
          return {
            ...bad(`unknown ${path}`, 'a field of its configuration', `Maybe ${near}.`),
            line: run.line(path),
          };
      }
      return null;
    },
  },
];

/** Its blocks go through torch.compile. */
export function compilesModel(run: TitanRun): boolean {
  const components = run.at('compile.components');
  return run.at('compile.enable') === true && !(Array.isArray(components) && !components.includes('model'));
}
