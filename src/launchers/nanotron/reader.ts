import { InputError } from '../../domain/input-error.ts';
import { unknownKey } from '../known-keys.ts';
import { type Asked, bad, broken, divides, type FileRule, type LaunchReader } from '../reader.ts';
import { type Tree, treeOf } from '../tree.ts';
import { nanotronCut } from './cut.ts';
import { NANOTRON_KEYS } from './keys.ts';

interface Sizes {
  readonly dp: number;
  readonly pp: number;
  readonly tp: number;
  readonly cp: number;
  readonly gpus: number | null;
}

const MODEL = 'model.model_config';
const RULES: readonly FileRule<Tree, Sizes>[] = [
  {
    rule: 'world-size',
    at: 'parallelism.dp',
    check: (_, { dp, pp, tp, cp, gpus }) =>
      gpus === null || gpus === dp * pp * tp * cp
        ? null
        : bad(`dp·pp·tp·cp = ${dp * pp * tp * cp}`, `the ${gpus} GPUs of the job`, 'Change dp.'),
  },
  {
    rule: 'heads-divisible-by-tp',
    at: `${MODEL}.num_attention_heads`,
    check: (tree, { tp }) =>
      divides(
        'heads',
        tree.count(`${MODEL}.num_attention_heads`),
        tp,
        'tp',
        'Use a tp that divides the heads.',
      ),
  },
  {
    rule: 'kv-heads-divisible-by-tp',
    at: `${MODEL}.num_key_value_heads`,
    check: (tree, { tp }) =>
      divides(
        'key-value heads',
        tree.count(`${MODEL}.num_key_value_heads`),
        tp,
        'tp',
        'Use a tp of at most the key-value heads.',
      ),
  },
  {
    rule: 'expert-parallel',
    at: 'parallelism.expert_parallel_size',
    check: (tree) => {
      const ep = tree.count('parallelism.expert_parallel_size') ?? 1;
      return ep > 1
        ? bad(`expert_parallel_size ${ep}`, '1: more cannot be initialised', 'Set expert_parallel_size: 1.')
        : null;
    },
  },
  {
    rule: 'schedule-micro-batches',
    at: 'tokens.batch_accumulation_per_replica',
    check: (tree, { pp }) => {
      const count = tree.count('tokens.batch_accumulation_per_replica');
      return tree.word('parallelism.pp_engine') !== '1f1b' || count === null || count >= pp - 1
        ? null
        : bad(
            `${count} micro-batches`,
            `at least pp−1 = ${pp - 1} with 1f1b`,
            'Raise batch_accumulation_per_replica.',
          );
    },
  },
  {
    rule: 'pp-engine',
    at: 'parallelism.pp_engine',
    check: (tree) => oneOf(tree, 'parallelism.pp_engine', ['1f1b', 'afab']),
  },
  {
    rule: 'tp-mode',
    at: 'parallelism.tp_mode',
    check: (tree) => oneOf(tree, 'parallelism.tp_mode', ['REDUCE_SCATTER', 'ALL_REDUCE']),
  },
  {
    rule: 'async-communication',
    at: 'parallelism.tp_linear_async_communication',
    check: (tree) =>
      tree.isTrue('parallelism.tp_linear_async_communication') &&
      tree.word('parallelism.tp_mode')?.toUpperCase() !== 'REDUCE_SCATTER'
        ? bad(
            'tp_linear_async_communication',
            'tp_mode: REDUCE_SCATTER',
            'Set tp_mode: REDUCE_SCATTER, or false.',
          )
        : null,
  },
  {
    rule: 'zero-stage',
    at: 'optimizer.zero_stage',
    check: (tree) => {
      const stage = tree.at('optimizer.zero_stage');
      return stage === undefined || stage === 0 || stage === 1
        ? null
        : bad(`zero_stage ${JSON.stringify(stage)}`, '0 or 1', 'Set zero_stage: 1.');
    },
  },
  {
    rule: 'empty-stage',
    at: 'parallelism.pp',
    check: (tree, { pp }) =>
      pp > 1 && cutOf(tree, pp) === null && tree.has(`${MODEL}.num_hidden_layers`)
        ? bad(`pp ${pp}`, 'a depth at which its own cut leaves no stage empty', 'Lower pp.')
        : null,
  },
  {
    rule: 'known-keys',
    at: '',
    check: (tree) => unknownKey(tree, NANOTRON_KEYS),
  },
];

function oneOf(tree: Tree, path: string, known: readonly string[]) {
  const word = tree.word(path);
  return word === null || known.some((one) => one.toLowerCase() === word.toLowerCase())
    ? null
    : bad(`${path} ${word}`, known.join(' or '), `Set ${known[0]}.`);
}

/** nanotron's YAML. */
export const nanotronReader: LaunchReader = {
  file: 'config.yaml',
  rules: RULES,
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
      violations: (gpus) => broken(RULES, tree, sizesOf(tree, gpus), (at) => tree.line(at)),
    };
  },
};

function sizesOf(tree: Tree, gpus: number | null): Sizes {
  const degree = (key: string) => tree.count(`parallelism.${key}`) ?? 1;
  return { dp: degree('dp'), pp: degree('pp'), tp: degree('tp'), cp: degree('context_parallel_size'), gpus };
}

function cutOf(tree: Tree, pp: number): readonly number[] | null {
  const size = (key: string) => tree.count(`${MODEL}.${key}`);
  const [layers, hiddenSize, ffnHiddenSize, heads, vocabulary] = [
    size('num_hidden_layers'),
    size('hidden_size'),
    size('intermediate_size'),
    size('num_attention_heads'),
    size('vocab_size'),
  ];
  if (
    layers === null ||
    hiddenSize === null ||
    ffnHiddenSize === null ||
    heads === null ||
    vocabulary === null
  )
    return null;
  const unit = (tree.count('model.make_vocab_size_divisible_by') ?? 1) * (tree.count('parallelism.tp') ?? 1);
  const vocabSize = Math.ceil(vocabulary / unit) * unit;
  return nanotronCut({ layers, hiddenSize, ffnHiddenSize, heads, vocabSize }, pp);
}

function askedOf(tree: Tree): Asked {
  const { dp, pp, tp, cp } = sizesOf(tree, null);
  const microBatch = tree.count('tokens.micro_batch_size');
  const accumulation = tree.count('tokens.batch_accumulation_per_replica') ?? 1;
  const cut = pp > 1 ? cutOf(tree, pp) : null;
  return {
    configuration: {
      ...{ dp: String(dp), pp: String(pp), tp: String(tp), cp: String(cp) },
      ...(microBatch === null ? {} : { 'micro-batch': String(microBatch) }),
      recompute: tree.isTrue('parallelism.recompute_layer') ? 'full' : 'none',
      sharding: String(tree.at('optimizer.zero_stage') ?? 0),
      // Its default engine runs all forwards before the backwards; its default mode is no sequence parallelism.
      ...(pp > 1 ? { schedule: tree.word('parallelism.pp_engine') === '1f1b' ? '1f1b' : 'gpipe' } : {}),
      ...(tp > 1 ? { sp: String(tree.word('parallelism.tp_mode')?.toUpperCase() === 'REDUCE_SCATTER') } : {}),
      ...(cut === null ? {} : { layers: cut.join('/') }),
    },
    sequenceLength: tree.count('tokens.sequence_length'),
    globalBatchSize: microBatch === null ? null : dp * microBatch * accumulation,
    precision: { bfloat16: 'bf16', float16: 'fp16' }[tree.word('model.dtype') ?? ''] ?? null,
    layers: tree.count(`${MODEL}.num_hidden_layers`),
    hiddenSize: tree.count(`${MODEL}.hidden_size`),
  };
}
