import { InputError } from '../../domain/input-error.ts';
import type { Asked, LaunchReader } from '../port/reader.ts';
import { broken } from '../reading/file-rule.ts';
import { type Tree, treeOf } from '../reading/tree.ts';
import { ZORSE_MODELS } from '../zorse/models.ts';
import { BATCHES, FILE_RULES, MICRO_BATCHES, type Sizes } from './file-rules.ts';
import { planOf } from './plan.ts';

export const CONFIG = 'cephalo_config.json';

/** What its autocast_dtype stands for; left out, it is float32 (utils/argparser_utils.py@a8c75d3). */
const PRECISIONS: Readonly<Record<string, string>> = { bfloat16: 'bf16', float16: 'fp16', float32: 'fp32' };

/** Cephalo's configuration, as its split_workload.py writes it. */
export const cephaloReader: LaunchReader = {
  file: CONFIG,
  rules: FILE_RULES,
  read(source) {
    const tree = treeOf(source.value(), source.path, "Cephalo's configuration");
    const batches = wholes(tree, BATCHES);
    if (batches.length === 0)
      throw new InputError({
        message: `${tree.file} has no ${BATCHES}`,
        expected: 'the sequences of each GPU, as split_workload.py writes them',
        at: { file: tree.file, line: 1 },
      });
    const listed = wholes(tree, MICRO_BATCHES);
    const each = tree.count('microbatches') ?? 1;
    const microBatches = listed.length > 0 ? listed : batches.map(() => each);
    return {
      asked: () => askedOf(tree, { batches, microBatches, gpus: null }),
      violations: (gpus) => broken(FILE_RULES, tree, { batches, microBatches, gpus }, (at) => tree.line(at)),
    };
  },
};

/** A list of whole numbers; empty where it is left out. Throws InputError where it is another thing. */
function wholes(tree: Tree, key: string): number[] {
  const list = tree.at(key);
  if (list === undefined || list === null) return [];
  if (Array.isArray(list) && list.every((n) => Number.isInteger(n) && n > 0)) return list as number[];
  throw new InputError({
    message: `${key} is ${JSON.stringify(list)}`,
    expected: 'a list of whole numbers above zero, one for each GPU',
    at: { file: tree.file, line: tree.line(key) },
  });
}

function askedOf(tree: Tree, sizes: Sizes): Asked {
  const model = ZORSE_MODELS[tree.word('model_name')?.toLowerCase() ?? ''];
  return {
    configuration: {},
    sequenceLength: tree.count('seq_length') ?? 512,
    globalBatchSize: sizes.batches.reduce((a, b) => a + b, 0),
    precision: PRECISIONS[tree.word('autocast_dtype') ?? 'float32'] ?? null,
    layers: model?.layers ?? null,
    hiddenSize: model?.hiddenSize ?? null,
    notes: [],
    plan: (problem, devices) => planOf(tree, sizes, problem, devices),
  };
}
