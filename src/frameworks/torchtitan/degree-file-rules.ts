import { bad, divides, type FileRule } from '../reading/file-rule.ts';
import type { TitanRun } from './run.ts';
import type { TitanSizes } from './sizes.ts';

const P = 'parallelism';

/** What ParallelDims (torchtitan/distributed/parallel_dims.py) and the model ask of the degrees. */
export const DEGREE_FILE_RULES: readonly FileRule<TitanRun, TitanSizes>[] = [
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
    rule: 'experts-divisible-by-ep',
    at: `${P}.expert_parallel_degree`,
    check: ({ model }, { ep }) =>
      divides('experts', model?.experts?.count ?? null, ep, 'ep', 'Use an ep that divides them.'),
  },
  {
    // No expert is cut: Decoder.Config.update_from_config (torchtitan/models/common/decoder.py, September 2026).
    rule: 'expert-tensor-parallel',
    at: `${P}.expert_parallel_degree`,
    check: ({ model }, { ep, tp }) =>
      model === null || model.experts === null || ep >= tp
        ? null
        : bad(`ep ${ep}`, `at least tp ${tp} with experts`, 'Raise expert_parallel_degree.'),
  },
  {
    rule: 'heads-divisible-by-tp',
    at: `${P}.tensor_parallel_degree`,
    check: ({ model }, { tp }) =>
      divides('heads', model?.heads ?? null, tp, 'tp', 'Use a tp that divides them.'),
  },
  {
    rule: 'kv-heads-divisible-by-tp',
    at: `${P}.tensor_parallel_degree`,
    check: ({ model }, { tp }) =>
      divides('key-value heads', model?.kvHeads ?? null, tp, 'tp', 'Use a tp that divides them.'),
  },
  {
    rule: 'spmd-backend',
    at: `${P}.spmd_backend`,
    check: (run, { cp }) => {
      const backend = run.word(`${P}.spmd_backend`);
      return cp === 1 || backend === null || backend === 'spmd_types'
        ? null
        : bad(`spmd_backend ${backend} with cp ${cp}`, 'spmd_types', 'Leave spmd_backend out.');
    },
  },
  {
    rule: 'tied-embeddings',
    at: `${P}.pipeline_parallel_degree`,
    check: ({ model }, { pp }) =>
      model?.tied === true && pp > 1
        ? bad(`pp ${pp}`, `1: ${model.flavor} ties embedding and head`, 'Use pp 1.')
        : null,
  },
];
