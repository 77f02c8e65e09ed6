import { InputError } from '../../domain/input-error.ts';
import type { Asked, LaunchReader } from '../port/reader.ts';
import { broken } from '../reading/file-rule.ts';
import { type Tree, treeOf } from '../reading/tree.ts';
import { FILE_RULES } from './file-rules.ts';
import { askedOptimizer } from './optimizer.ts';
import { fileCut, MODEL, sizesOf } from './sizes.ts';

/** nanotron's YAML. */
export const nanotronReader: LaunchReader = {
  file: 'config.yaml',
  rules: FILE_RULES,
  read(source) {
    const tree = treeOf(source.value(), source.path, "nanotron's parallelism, tokens, optimizer and model");
    if (!tree.has('parallelism'))
      throw new InputError({
        message: `${source.path} has no parallelism`,
        expected: "nanotron's parallelism: {dp, pp, tp}",
        at: { file: source.path, line: 1 },
      });
    return {
      asked: () => askedOf(tree),
      violations: (gpus) => broken(FILE_RULES, tree, sizesOf(tree, gpus), (at) => tree.line(at)),
    };
  },
};

function askedOf(tree: Tree): Asked {
  const { dp, pp, tp, cp } = sizesOf(tree, null);
  const microBatch = tree.count('tokens.micro_batch_size');
  const accumulation = tree.count('tokens.batch_accumulation_per_replica') ?? 1;
  const cut = pp > 1 ? fileCut(tree, pp) : null;
  const optimizer = askedOptimizer(tree);
  return {
    configuration: {
      ...{ dp: String(dp), pp: String(pp), tp: String(tp), cp: String(cp) },
      ...(microBatch === null ? {} : { 'micro-batch': String(microBatch) }),
      recompute: tree.isTrue('parallelism.recompute_layer') ? 'full' : 'none',
      zero: String(tree.at('optimizer.zero_stage') ?? 0),
      // Its default engine runs all forwards before the backwards; its default mode is no sequence parallelism.
      ...(pp > 1 ? { schedule: tree.word('parallelism.pp_engine') === '1f1b' ? '1f1b' : 'gpipe' } : {}),
      ...(tp > 1 ? { sp: String(tree.word('parallelism.tp_mode')?.toUpperCase() === 'REDUCE_SCATTER') } : {}),
      ...(cut === null || cut === 'empty' ? {} : { layers: cut.join('/') }),
    },
    sequenceLength: tree.count('tokens.sequence_length'),
    globalBatchSize: microBatch === null ? null : dp * microBatch * accumulation,
    precision:
      { bfloat16: 'bf16', float16: 'fp16', float32: 'fp32' }[tree.word('model.dtype') ?? 'bfloat16'] ?? null,
    ...(optimizer === undefined ? {} : { optimizer }),
    layers: tree.count(`${MODEL}.num_hidden_layers`),
    hiddenSize: tree.count(`${MODEL}.hidden_size`),
  };
}
