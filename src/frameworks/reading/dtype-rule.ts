import type { FileRule } from './file-rule.ts';
import { unknownValue } from './known-values.ts';
import type { Tree } from './tree.ts';

const DTYPES = ['bfloat16', 'float16', 'float32'];

/**
 * Parsers of Zorse and Cephalo take every key with "dtype" in it for one, and know three of them
 * (zorse_utils/argparse.py@9d21192; utils/argparser_utils.py@105c41a and @a8c75d3).
 */
export const DTYPE_RULE: FileRule<Tree, unknown> = {
  rule: 'dtype-name',
  at: '',
  unreadable: true,
  check: (tree) => {
    const odd = tree
      .keys('')
      .find((key) => key.includes('dtype') && !DTYPES.includes(tree.at(key) as string));
    if (odd === undefined) return null;
    return unknownValue(tree, { [odd]: DTYPES });
  },
};
