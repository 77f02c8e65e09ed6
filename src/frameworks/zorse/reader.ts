import { InputError } from '../../domain/input-error.ts';
import type { Asked, LaunchReader } from '../port/reader.ts';
import { broken } from '../reading/file-rule.ts';
import { type Tree, treeOf } from '../reading/tree.ts';
import type { ZorseStage } from './config.ts';
import { FILE_RULES } from './file-rules.ts';
import { ZORSE_MODELS } from './models.ts';
import { planOf } from './plan.ts';
import { stagesOf } from './stages.ts';

/** What its autocast_dtype stands for; left out, it is float32 (zorse_utils/pipeline_config.py@9d21192). */
const PRECISIONS: Readonly<Record<string, string>> = { bfloat16: 'bf16', float16: 'fp16', float32: 'fp32' };

/** Zorse's training configuration. */
export const zorseReader: LaunchReader = {
  file: 'zorse_config.json',
  rules: FILE_RULES,
  read(source) {
    const tree = treeOf(source.value(), source.path, "Zorse's training configuration");
    const [batch, micro] = [tree.count('global_batch_size'), tree.count('microbatch_size')];
    const total = batch === null || micro === null ? null : Math.floor(batch / micro);
    const stages = stagesOf(tree, total);
    return {
      asked: () => askedOf(tree, stages),
      violations: (gpus) => broken(FILE_RULES, tree, { stages, total, gpus }, (at) => tree.line(at)),
    };
  },
};

function askedOf(tree: Tree, stages: readonly ZorseStage[]): Asked {
  const micro = tree.count('microbatch_size');
  if (micro === null)
    throw new InputError({
      message: `${tree.file} has no microbatch_size`,
      expected: 'sequences of a micro-batch, a key without a default',
      at: { file: tree.file, line: 1 },
    });
  return {
    configuration: {},
    sequenceLength: tree.count('sequence_length'),
    globalBatchSize: tree.count('global_batch_size'),
    precision: PRECISIONS[tree.word('autocast_dtype') ?? 'float32'] ?? null,
    layers: Math.max(...stages.map(({ layer_partition }) => layer_partition[1])),
    hiddenSize: ZORSE_MODELS[tree.word('model_name')?.toLowerCase() ?? '']?.hiddenSize ?? null,
    plan: (problem, devices) => planOf(tree, stages, micro, problem, devices),
  };
}
