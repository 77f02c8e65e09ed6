import { DTYPE_RULE } from '../reading/dtype-rule.ts';
import { bad, type FileRule } from '../reading/file-rule.ts';
import { keySet, missingKey } from '../reading/known-keys.ts';
import type { Tree } from '../reading/tree.ts';
import type { ZorseStage } from './config.ts';
import { HUB, ZORSE_MODELS } from './models.ts';

export interface Sizes {
  readonly stages: readonly ZorseStage[];
  /** Micro-batches of a step. */
  readonly total: number | null;
  readonly gpus: number | null;
}

const REQUIRED_KEYS = { '': keySet('fused_optimizer sequence_length global_batch_size microbatch_size') };

/** What Zorse refuses of its configuration. */
export const FILE_RULES: readonly FileRule<Tree, Sizes>[] = [
  {
    rule: 'model-hub',
    at: 'model_name',
    unreadable: true,
    check: (tree) => {
      const name = tree.word('model_name');
      return name !== null && HUB.test(name)
        ? null
        : bad(`model_name ${name ?? 'missing'}`, 'a model of its hub', 'Use deepspeedllama_7b, for example.');
    },
  },
  {
    rule: 'layers-continuous',
    at: 'pipeline_config',
    check: (_, { stages }) => {
      const sorted = [...stages].sort((a, b) => a.layer_partition[0] - b.layer_partition[0]);
      const gap = sorted.findIndex(
        ({ layer_partition: [first] }, i) => first !== (sorted[i - 1]?.layer_partition[1] ?? 0),
      );
      return gap < 0
        ? null
        : bad(
            `layer_partition ${sorted[gap]!.layer_partition.join('-')}`,
            `to start at ${sorted[gap - 1]?.layer_partition[1] ?? 0}`,
            'Let each stage start where the one before ends.',
          );
    },
  },
  {
    rule: 'layers-of-model',
    at: 'pipeline_config',
    check: (tree, { stages }) => {
      const model = ZORSE_MODELS[tree.word('model_name')?.toLowerCase() ?? ''];
      const end = Math.max(...stages.map(({ layer_partition }) => layer_partition[1]));
      return model === undefined || end === model.layers
        ? null
        : bad(`layers up to ${end}`, `the ${model.layers} of the model`, 'Correct the last layer_partition.');
    },
  },
  {
    rule: 'micro-batches',
    at: 'pipeline_config',
    check: (_, { stages, total }) => {
      if (total === null) return null;
      const odd = stages.findIndex(
        ({ num_microbatches_per_rank: n }) => n.reduce((a, b) => a + b, 0) !== total,
      );
      return odd < 0
        ? null
        : bad(
            `stage ${odd} with ${stages[odd]!.num_microbatches_per_rank.reduce((a, b) => a + b, 0)} micro-batches`,
            `global_batch_size / microbatch_size = ${total}`,
            'Correct num_microbatches_per_rank.',
          );
    },
  },
  {
    rule: 'micro-batches-per-rank',
    at: 'pipeline_config',
    check: (_, { stages }) => {
      const odd = stages.findIndex(({ gpu_ranks: r, num_microbatches_per_rank: n }) => r.length !== n.length);
      return odd < 0
        ? null
        : bad(
            `stage ${odd}`,
            'one number of micro-batches for each rank',
            'Correct num_microbatches_per_rank.',
          );
    },
  },
  {
    rule: 'ranks-once',
    at: 'pipeline_config',
    check: (_, { stages }) => {
      const odd = stages.findIndex(({ gpu_ranks: ranks }) => new Set(ranks).size !== ranks.length);
      return odd < 0
        ? null
        : bad(`stage ${odd} names a rank twice`, 'each rank once in a stage', 'Drop one.');
    },
  },
  {
    rule: 'zero-groups',
    at: 'pipeline_config',
    check: (_, { stages }) => {
      const odd = stages.findIndex(
        ({ gpu_ranks: ranks, zero_config: groups }) =>
          groups.some((group) => new Set(group).size !== group.length) ||
          groups.flat().some((rank) => !ranks.includes(rank)),
      );
      return odd < 0
        ? null
        : bad(
            `zero_config of stage ${odd}`,
            'groups of ranks of the stage, each once',
            'Correct zero_config.',
          );
    },
  },
  {
    rule: 'world-size',
    at: 'pipeline_config',
    check: (_, { stages, gpus }) => {
      const most = Math.max(...stages.flatMap(({ gpu_ranks }) => gpu_ranks)) + 1;
      return gpus === null || most <= gpus
        ? null
        : bad(`rank ${most - 1}`, `ranks 0 to ${gpus - 1}`, 'Add GPUs.');
    },
  },
  {
    // zorse_utils/pipeline_config.py@9d21192, parse_pipeline_config: a KeyError otherwise.
    rule: 'required-keys',
    at: '',
    check: (tree) => missingKey(tree, REQUIRED_KEYS),
  },
  DTYPE_RULE,
];
