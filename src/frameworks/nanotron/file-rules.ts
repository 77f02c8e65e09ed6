import { bad, divides, type FileRule } from '../reading/file-rule.ts';
import { missingKey, unknownKey } from '../reading/known-keys.ts';
import { notAmong, unknownValue, type ValuesOf } from '../reading/known-values.ts';
import type { Tree } from '../reading/tree.ts';
import { modelKeys, NANOTRON_KEYS, REQUIRED_KEYS } from './keys.ts';
import { fileCut, isStarcoder2, MODEL, type Sizes } from './sizes.ts';

/** Types of weights that its kernels compute in, and its optimizers (src/nanotron/helpers.py@2411b02). */
const VALUES: ValuesOf = {
  'model.dtype': ['bfloat16', 'float16', 'float32'],
  'optimizer.optimizer_factory.name': ['adamW', 'sgd'],
  'optimizer.accumulate_grad_in_fp32': 'switch',
  'parallelism.recompute_layer': 'switch',
  'parallelism.tp_linear_async_communication': 'switch',
};

const SCHEDULER = 'optimizer.learning_rate_scheduler';

/** What nanotron refuses of its YAML. */
export const FILE_RULES: readonly FileRule<Tree, Sizes>[] = [
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
    rule: 'heads-divisible-by-kv-heads',
    at: `${MODEL}.num_attention_heads`,
    check: (tree) =>
      divides(
        'heads',
        tree.count(`${MODEL}.num_attention_heads`),
        tree.count(`${MODEL}.num_key_value_heads`) ?? 1,
        'key-value heads',
        'Use a number of key-value heads that divides the heads.',
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
    unreadable: true,
    check: (tree) => oneOf(tree, 'parallelism.pp_engine', ['1f1b', 'afab']),
  },
  {
    rule: 'tp-mode',
    at: 'parallelism.tp_mode',
    unreadable: true,
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
    at: '',
    unreadable: true,
    check: (tree) => unknownValue(tree, { 'optimizer.zero_stage': [0, 1] }),
  },
  { rule: 'known-values', at: '', unreadable: true, check: (tree) => unknownValue(tree, VALUES) },
  {
    rule: 'empty-stage',
    at: 'parallelism.pp',
    check: (tree, { pp }) =>
      pp > 1 && fileCut(tree, pp) === 'empty'
        ? bad(`pp ${pp}`, 'a depth at which its own cut leaves no stage empty', 'Lower pp.')
        : null,
  },
  {
    rule: 'known-keys',
    at: '',
    check: (tree) => unknownKey(tree, NANOTRON_KEYS) ?? unknownKey(tree, modelKeys(isStarcoder2(tree))),
  },
  {
    // A file without its general section does not start: an excerpt, which may leave out more.
    rule: 'required-keys',
    at: '',
    check: (tree) => (tree.has('general') ? missingKey(tree, REQUIRED_KEYS) : null),
  },
  {
    // config.py@00708b8, LRSchedulerArgs: a warm-up style of null is refused too, a decay style of null is linear.
    rule: 'learning-rate-styles',
    at: SCHEDULER,
    check: (tree) =>
      (tree.keys(SCHEDULER).includes('lr_warmup_style')
        ? oneWord(tree, `${SCHEDULER}.lr_warmup_style`, ['linear', 'constant'])
        : null) ??
      (tree.has(`${SCHEDULER}.lr_decay_style`)
        ? oneWord(tree, `${SCHEDULER}.lr_decay_style`, ['linear', 'cosine', '1-sqrt'])
        : null),
  },
  {
    // config.py@00708b8, Config.__post_init__.
    rule: 'first-data-stage',
    at: 'data_stages',
    check: (tree) => {
      const stages = tree.at('data_stages');
      if (!Array.isArray(stages)) return null;
      const starts = stages.map((_, i) => tree.at(`data_stages.${i}.start_training_step`));
      return starts.includes(1)
        ? null
        : bad(
            `data_stages that start at ${starts.map((step) => JSON.stringify(step)).join(', ')}`,
            'one that starts at 1',
            'Set start_training_step: 1 in the first.',
          );
    },
  },
];

function oneOf(tree: Tree, path: string, known: readonly string[]) {
  const word = tree.at(path);
  return word === undefined ||
    word === null ||
    known.some((one) => one.toLowerCase() === String(word).toLowerCase())
    ? null
    : notAmong(`${path} ${JSON.stringify(word)}`, String(word), known);
}

/** The same to the letter, and for whatever stands there. */
function oneWord(tree: Tree, path: string, known: readonly string[]) {
  const word = tree.at(path);
  return known.includes(word as string)
    ? null
    : {
        ...bad(`${path} ${JSON.stringify(word)}`, known.join(', '), `Set ${known[0]}.`),
        line: tree.line(path),
      };
}
