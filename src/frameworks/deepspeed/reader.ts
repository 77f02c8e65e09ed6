import { InputError } from '../../domain/input-error.ts';
import type { LaunchReader } from '../port/reader.ts';
import { broken } from '../reading/file-rule.ts';
import { treeOf } from '../reading/tree.ts';
import { adaptersBeside } from './adapters.ts';
import { askedOf } from './asked.ts';
import { withoutComments } from './comments.ts';
import { FILE_RULES } from './file-rules.ts';
import { plainSettings, sizesOf } from './settings.ts';

const BATCH_KEYS = ['train_batch_size', 'train_micro_batch_size_per_gpu'];

/** DeepSpeed's JSON. The model and the length of sequences are its program's, not in the file. */
export const deepspeedReader: LaunchReader = {
  file: 'ds_config.json',
  rules: FILE_RULES,
  read(source) {
    const tree = treeOf(
      plainSettings(source.value(withoutComments(source.text))),
      source.path,
      "DeepSpeed's configuration",
    );
    if (!tree.keys('').some((key) => BATCH_KEYS.includes(key)))
      throw new InputError({
        message: `${source.path} has no train_batch_size`,
        expected: "DeepSpeed's configuration",
        at: { file: source.path, line: 1 },
      });
    return {
      asked: () => ({ ...askedOf(tree, source), ...adaptersBeside(source) }),
      violations: (gpus) => broken(FILE_RULES, tree, sizesOf(tree, gpus), (at) => tree.line(at)),
    };
  },
};
