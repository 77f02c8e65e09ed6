import { InputError } from '../../domain/input-error.ts';
import type { LaunchReader, ReadFile } from '../port/reader.ts';
import { bad, broken, type FileRule } from '../reading/file-rule.ts';
import { hydraWords } from '../reading/flag-words.ts';
import { unknownValue } from '../reading/known-values.ts';
import { type Tree, treeOf } from '../reading/tree.ts';
import { readWays } from '../reading/ways.ts';
import { askedOf } from './asked.ts';
import { type VerlRun, verlRun } from './run.ts';

const OVERRIDE = /^\+{0,2}(?:data|actor_rollout_ref|critic|algorithm|trainer|reward_model|reward)\.[\w.]+=/;
const ACTOR = 'actor_rollout_ref.actor';

/** verl/workers/config/actor.py and engine.py @1dda039. */
const VALUES = {
  [`${ACTOR}.strategy`]: ['fsdp', 'fsdp2', 'megatron', 'veomni', 'fsdp_turbo', 'automodel', 'torchtitan'],
  'algorithm.adv_estimator': [
    ...['gae', 'grpo', 'reinforce_plus_plus', 'reinforce_plus_plus_baseline', 'remax', 'rloo', 'opo'],
    ...[
      'grpo_passk',
      'gpg',
      'rloo_vectorized',
      'grpo_vectorized',
      'optimal_token_baseline',
      'tir_optimal_token_baseline',
      'gdpo',
    ],
  ],
};

/** utils/config.py@1dda039, validate_config, and workers/config/actor.py, ActorConfig.validate. */
const RULES: readonly FileRule<Tree, VerlRun>[] = [
  { rule: 'known-values', at: '', unreadable: true, check: (tree) => unknownValue(tree, VALUES) },
  {
    rule: 'mini-batch',
    at: `${ACTOR}.ppo_mini_batch_size`,
    check: (_, { batch, miniBatch }) =>
      batch >= miniBatch
        ? null
        : bad(
            `${batch} sequences, ${miniBatch} an update`,
            'a batch no smaller than a mini-batch',
            'Lower ppo_mini_batch_size.',
          ),
  },
  {
    rule: 'micro-batch',
    at: `${ACTOR}.ppo_micro_batch_size_per_gpu`,
    check: (_, { gpus, ulysses, miniBatch, microBatch, megatron }) => {
      if (microBatch === null || megatron) return null;
      const share = miniBatch / (gpus / ulysses);
      return share % microBatch === 0
        ? null
        : bad(
            `${share} sequences of a mini-batch on a rank`,
            `a multiple of ${microBatch}`,
            'Change ppo_micro_batch_size_per_gpu.',
          );
    },
  },
  {
    rule: 'dynamic-tokens',
    at: `${ACTOR}.ppo_max_token_len_per_gpu`,
    check: (_, { microBatch, microTokens, ulysses, sequenceLength }) =>
      microBatch !== null || microTokens * ulysses >= sequenceLength
        ? null
        : bad(
            `${microTokens} tokens a GPU`,
            `${Math.ceil(sequenceLength / ulysses)} for the longest sequence`,
            'Raise ppo_max_token_len_per_gpu.',
          ),
  },
];

/** The overrides of a script that starts `verl.trainer.main_ppo`, or of a file of them. */
export const verlReader: LaunchReader = {
  file: 'overrides.txt',
  rules: RULES,
  read(source) {
    const found = source.words((word) => OVERRIDE.test(word), /main_ppo/);
    const config = /--config-name[=\s]+['"]?([\w.-]+)/.exec(source.text)?.[1];
    return readWays(source, found, ({ words }) => {
      const located = hydraWords(words, source.path);
      const named = config === undefined ? {} : { config_name: config };
      return fileOf(
        treeOf(
          { ...located, value: { ...named, ...(located.value as object) } },
          source.path,
          "verl's overrides",
        ),
      );
    });
  },
};

function fileOf(tree: Tree): ReadFile {
  if (tree.at('actor_rollout_ref') === undefined)
    throw new InputError({
      message: `${tree.file} says nothing of actor_rollout_ref`,
      expected:
        "verl's overrides, such as actor_rollout_ref.actor.ppo_mini_batch_size=64: its SFT trainer's are not read",
      at: { file: tree.file, line: 1 },
    });
  const run = verlRun(tree);
  return {
    runtime: null,
    gpus: run.gpus,
    asked: (gpus) => askedOf(tree, run, gpus ?? null),
    violations: (gpus) => broken(RULES, tree, { ...run, gpus: gpus ?? run.gpus }, (at) => tree.line(at)),
  };
}
