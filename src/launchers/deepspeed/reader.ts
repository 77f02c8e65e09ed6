import { InputError } from '../../domain/input-error.ts';
import { unknownKey } from '../known-keys.ts';
import { type Asked, bad, broken, divides, type FileRule, type LaunchReader } from '../reader.ts';
import { type Tree, treeOf } from '../tree.ts';
import { DEEPSPEED_KEYS } from './keys.ts';

interface Sizes {
  readonly sp: number;
  readonly tp: number;
  readonly stage: number;
  readonly gpus: number | null;
}

const ZERO = 'zero_optimization';
const RULES: readonly FileRule<Tree, Sizes>[] = [
  {
    rule: 'batch-equation',
    at: 'train_batch_size',
    check: (tree, { sp, tp, gpus }) => {
      const [batch, micro, steps] = batchOf(tree);
      if (batch === null || micro === null) return null;
      if (gpus === null || gpus % (sp * tp) !== 0)
        return steps === null || batch % (micro * steps) === 0
          ? null
          : bad(
              `train_batch_size ${batch}`,
              `a multiple of micro·accumulation = ${micro * steps}`,
              'Change one.',
            );
      const dp = gpus / (sp * tp);
      const wanted = steps === null ? null : micro * steps * dp;
      if (wanted === null) return divides('train_batch_size', batch, micro * dp, 'micro·dp =', 'Change one.');
      return wanted === batch
        ? null
        : bad(
            `train_batch_size ${batch}`,
            `micro ${micro} · accumulation ${steps} · (${gpus} GPUs / ${sp * tp}) = ${wanted}`,
            batch % (micro * dp) === 0
              ? `Set gradient_accumulation_steps to ${batch / (micro * dp)}.`
              : `Set train_batch_size to ${wanted}.`,
          );
    },
  },
  {
    rule: 'world-size',
    at: 'sequence_parallel_size',
    check: (_, { sp, tp, gpus }) =>
      divides('GPUs', gpus, sp * tp, 'sequence·tensor parallel =', 'Change a degree, or the number of GPUs.'),
  },
  {
    rule: 'zero-stage',
    at: `${ZERO}.stage`,
    check: (tree) => {
      const stage = tree.at(`${ZERO}.stage`);
      return stage === undefined || [0, 1, 2, 3].includes(stage as number)
        ? null
        : bad(`stage ${JSON.stringify(stage)}`, '0, 1, 2 or 3', 'Set stage to 3.');
    },
  },
  {
    rule: 'one-precision',
    at: 'fp16',
    check: (tree) =>
      tree.isTrue('fp16.enabled') && tree.isTrue('bf16.enabled')
        ? bad('fp16 and bf16 enabled', 'one of them', 'Disable fp16.')
        : null,
  },
  {
    rule: 'offload-stage',
    at: ZERO,
    check: (tree, { stage }) => {
      if (tree.has(`${ZERO}.offload_param`) && stage !== 3)
        return bad(`offload_param with stage ${stage}`, 'stage 3', 'Set stage to 3, or drop it.');
      return tree.has(`${ZERO}.offload_optimizer`) && stage < 1
        ? bad(`offload_optimizer with stage ${stage}`, 'stage 1, 2 or 3', 'Raise the stage, or drop it.')
        : null;
    },
  },
  {
    rule: 'nvme-path',
    at: ZERO,
    check: (tree) => {
      const odd = ['offload_param', 'offload_optimizer'].find(
        (key) => tree.word(`${ZERO}.${key}.device`) === 'nvme' && !tree.has(`${ZERO}.${key}.nvme_path`),
      );
      return odd === undefined ? null : bad(`${odd} to nvme`, 'nvme_path', 'Add nvme_path.');
    },
  },
  {
    rule: 'secondary-partition',
    at: `${ZERO}.zero_hpz_partition_size`,
    check: (tree, { stage, gpus }) => {
      const size = tree.count(`${ZERO}.zero_hpz_partition_size`);
      if (size === null || size === 1) return null;
      if (stage !== 3)
        return bad(`zero_hpz_partition_size with stage ${stage}`, 'stage 3', 'Set stage to 3.');
      return divides('GPUs', gpus, size, 'zero_hpz_partition_size', 'Use the GPUs of one node.');
    },
  },
  {
    rule: 'pipeline-stage',
    at: 'pipeline',
    check: (tree, { stage }) =>
      (tree.count('pipeline.stages') ?? 1) > 1 && stage >= 2
        ? bad(`ZeRO stage ${stage} with a pipeline`, 'stage 0 or 1', 'Set stage to 1.')
        : null,
  },
  { rule: 'known-keys', at: '', check: (tree) => unknownKey(tree, DEEPSPEED_KEYS) },
];

/** DeepSpeed's JSON. The model and the length of sequences are its program's, not in the file. */
export const deepspeedReader: LaunchReader = {
  file: 'ds_config.json',
  rules: RULES,
  read(source) {
    const tree = treeOf(source.value(), source.path, "DeepSpeed's configuration");
    if (!tree.has('train_batch_size') && !tree.has('train_micro_batch_size_per_gpu'))
      throw new InputError({
        message: `${source.path} has no train_batch_size`,
        expected: "DeepSpeed's configuration",
        at: { file: source.path, line: 1 },
      });
    return {
      asked: () => askedOf(tree),
      violations: (gpus) => broken(RULES, tree, sizesOf(tree, gpus), (at) => tree.line(at)),
    };
  },
};

function sizesOf(tree: Tree, gpus: number | null): Sizes {
  const stage = tree.at(`${ZERO}.stage`);
  return {
    sp: tree.count('sequence_parallel_size') ?? 1,
    tp: tree.count('tensor_parallel.autotp_size') ?? 1,
    stage: typeof stage === 'number' ? stage : 0,
    gpus,
  };
}

function batchOf(tree: Tree): [batch: number | null, micro: number | null, steps: number | null] {
  const micro = tree.count('train_micro_batch_size_per_gpu');
  return [tree.count('train_batch_size'), micro, tree.count('gradient_accumulation_steps')];
}

function askedOf(tree: Tree): Asked {
  const { sp, tp, stage } = sizesOf(tree, null);
  const [batch, micro, steps] = batchOf(tree);
  const dp = batch === null || micro === null || steps === null ? null : batch / (micro * steps);
  const hpz = tree.count(`${ZERO}.zero_hpz_partition_size`);
  const recomputed = tree.count('activation_checkpointing.number_checkpoints');
  return {
    configuration: {
      ...(sp > 1 ? { cp: String(sp) } : {}),
      ...(tp > 1 ? { tp: String(tp) } : {}),
      ...(dp === null ? {} : { dp: String(dp) }),
      ...(micro === null ? {} : { 'micro-batch': String(micro) }),
      recompute: recomputed === null ? 'none' : 'full',
      sharding: String(stage),
      ...(hpz === null || dp === null || hpz === 1 ? {} : { 'shard-groups': String((dp * sp) / hpz) }),
    },
    sequenceLength: null,
    globalBatchSize: batch,
    precision: tree.isTrue('bf16.enabled') ? 'bf16' : tree.isTrue('fp16.enabled') ? 'fp16' : null,
    layers: null,
    hiddenSize: null,
  };
}
