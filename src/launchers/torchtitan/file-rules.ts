import { nearest } from '../../schema/validator.ts';
import { bad, divides, type FileRule } from '../reader.ts';
import type { TitanRun } from './run.ts';

/** Degrees worked out once; a shard degree of −1 takes what is left. */
export interface TitanSizes {
  readonly pp: number;
  readonly tp: number;
  readonly cp: number;
  readonly ep: number;
  readonly replicate: number;
  /** null: −1, with an unknown number of GPUs. */
  readonly shard: number | null;
  /** Pipeline stages over all ranks; null: torchtitan chooses. */
  readonly stages: number | null;
  readonly gpus: number | null;
}

const P = 'parallelism';
const LOOPED = ['Interleaved1F1B', 'LoopedBFS', 'InterleavedZeroBubble'];
const V_SHAPED = ['ZBVZeroBubble', 'DualPipeV'];
const SINGLE = ['1F1B', 'GPipe'];

/** Fields of ParallelismConfig (torchtitan/config/configs.py at 0014ac2, and num_pp_microbatches, spmd_types since). */
const FIELDS =
  `data_parallel_replicate_degree data_parallel_shard_degree fsdp_reshard_after_forward enable_fsdp_symm_mem
  fsdp_defer_gradient_reduction tensor_parallel_degree disable_loss_parallel enable_async_tensor_parallel
  enable_sequence_parallel full_dtensor pipeline_parallel_degree module_fqns_per_model_part
  pipeline_parallel_first_stage_less_layers pipeline_parallel_last_stage_less_layers pipeline_parallel_layers_per_stage
  pipeline_parallel_schedule pipeline_parallel_schedule_csv pipeline_parallel_microbatch_size num_pp_microbatches
  context_parallel_degree context_parallel_load_balancer context_parallel_rotate_method expert_parallel_degree
  spmd_types`.split(/\s+/);

/** What torchtitan's ParallelDims, pipeline builder and trainer ask of a recipe. */
export const TITAN_FILE_RULES: readonly FileRule<TitanRun, TitanSizes>[] = [
  {
    rule: 'world-size',
    at: `${P}.data_parallel_shard_degree`,
    check: (_, { replicate, shard, cp, tp, pp, gpus }) => {
      const rest = replicate * cp * tp * pp;
      if (shard === null) return divides('GPUs', gpus, rest, 'replicate·cp·tp·pp =', 'Change a degree.');
      return gpus === null || rest * shard === gpus
        ? null
        : bad(
            `replicate·shard·cp·tp·pp = ${rest * shard}`,
            `the ${gpus} GPUs of the job`,
            'Change the shard degree.',
          );
    },
  },
  {
    rule: 'expert-grid',
    at: `${P}.expert_parallel_degree`,
    check: (_, { ep, shard, cp, tp }) =>
      shard === null ? null : divides('shard·cp·tp', shard * cp * tp, ep, 'ep', 'Use an ep that divides it.'),
  },
  {
    rule: 'layers-per-stage',
    at: `${P}.pipeline_parallel_layers_per_stage`,
    check: (run, { pp }) => {
      const n = run.count(`${P}.pipeline_parallel_layers_per_stage`);
      if (n === null || run.layers === null) return null;
      const stages = stagesFor(run, n);
      return stages % pp === 0
        ? null
        : bad(`${stages} stages of ${n} layers`, `a multiple of pp ${pp}`, `Use module_fqns_per_model_part.`);
    },
  },
  {
    rule: 'known-schedule',
    at: `${P}.pipeline_parallel_schedule`,
    check: (run) => {
      const known = [...SINGLE, ...LOOPED, ...V_SHAPED];
      const name = run.word(`${P}.pipeline_parallel_schedule`);
      const csv = run.word(`${P}.pipeline_parallel_schedule_csv`);
      if (name === null || known.includes(name) || (csv !== null && csv !== '')) return null;
      const near = nearest(name, known);
      return bad(`schedule ${name}`, known.join(', '), near === undefined ? 'Use 1F1B.' : `Maybe ${near}.`);
    },
  },
  {
    rule: 'stages-divisible-by-pp',
    at: `${P}.module_fqns_per_model_part`,
    check: (_, { stages, pp }) => divides('model parts', stages, pp, 'pp', 'Add or join parts.'),
  },
  {
    rule: 'stages-per-rank',
    at: `${P}.pipeline_parallel_schedule`,
    check: (run, { stages, pp }) => {
      const name = run.word(`${P}.pipeline_parallel_schedule`) ?? '1F1B';
      if (stages === null || pp < 2 || stages % pp !== 0) return null;
      const each = stages / pp;
      if (V_SHAPED.includes(name) && each !== 2)
        return bad(`${each} stages a rank`, `2 with ${name}`, 'Use 2·pp parts.');
      if (LOOPED.includes(name) && each < 2)
        return bad('1 stage a rank', `2 or more with ${name}`, 'Use more parts, or 1F1B.');
      return SINGLE.includes(name) && each > 1
        ? bad(`${each} stages a rank`, `1 with ${name}`, 'Use Interleaved1F1B, or pp parts.')
        : null;
    },
  },
  {
    rule: 'layers-once',
    at: `${P}.module_fqns_per_model_part`,
    check: (run) => {
      const sum = run.split?.reduce((a, b) => a + b, 0) ?? null;
      return sum === null || run.layers === null || sum === run.layers
        ? null
        : bad(`${sum} layers in the parts`, `the ${run.layers} of the model`, 'Correct the parts.');
    },
  },
  {
    rule: 'tokens-divisible',
    at: 'training.num_tokens_per_microbatch_per_dp_rank',
    check: (run, { tp, cp }) =>
      divides(
        'tokens in a micro-batch',
        run.count('training.num_tokens_per_microbatch_per_dp_rank'),
        tp * (cp > 1 ? 2 * cp : 1),
        cp > 1 ? 'tp·2·cp =' : 'tp',
        'Change the tokens or the degrees.',
      ),
  },
  {
    rule: 'tokens-per-step',
    at: 'training.num_tokens_per_train_step',
    check: (run, { replicate, shard, pp }) => {
      const micro = run.count('training.num_tokens_per_microbatch_per_dp_rank');
      const count = pp > 1 ? (run.count(`${P}.num_pp_microbatches`) ?? 1) : 1;
      return micro === null || shard === null
        ? null
        : divides(
            'tokens in a step',
            run.count('training.num_tokens_per_train_step'),
            micro * count * replicate * shard,
            'tokens·micro-batches·dp =',
            'Change num_pp_microbatches or the tokens.',
          );
    },
  },
  {
    rule: 'cuda-graphs',
    at: 'training.disable_cuda_graphs',
    check: (run, { pp }) =>
      pp > 1 && run.at('training.disable_cuda_graphs') !== true
        ? bad('CUDA graphs with a pipeline', 'disable_cuda_graphs = True', 'Set it.')
        : null,
  },
  {
    rule: 'memory-budget',
    at: 'activation_checkpoint',
    check: (run) =>
      run.called('activation_checkpoint') === 'MemoryBudgetAC' && run.at('compile.enable') !== true
        ? bad('MemoryBudgetAC', 'compile.enable = True', 'Set it, or use SelectiveAC.')
        : null,
  },
  {
    rule: 'async-tensor-parallel',
    at: `${P}.enable_async_tensor_parallel`,
    check: (run) =>
      run.at(`${P}.enable_async_tensor_parallel`) === true && run.at('compile.enable') !== true
        ? bad('enable_async_tensor_parallel', 'compile.enable = True', 'Set it.')
        : null,
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

/** Stages when each holds so many layers; embedding and head count as the layers they take the place of. */
export function stagesFor(run: TitanRun, layersPerStage: number): number {
  const less = (end: string) => run.count(`${P}.pipeline_parallel_${end}_stage_less_layers`) ?? 1;
  return Math.ceil((run.layers! + less('first') + less('last')) / layersPerStage);
}
