import type { Tree } from '../reading/tree.ts';

const REF = 'actor_rollout_ref.ref';

/** A reference where a divergence from it counts, a critic for GAE, a reward model where it is turned on (trainer/ppo/utils.py@1dda039, need_*). */
export function modelsOf(
  tree: Tree,
  adapters: boolean,
): { readonly models: string | null; readonly notes: readonly string[] } {
  const kl = tree.isTrue('actor_rollout_ref.actor.use_kl_loss') || tree.isTrue('algorithm.use_kl_in_reward');
  const gae = (tree.word('algorithm.adv_estimator') ?? 'gae') === 'gae';
  const critic =
    tree.at('critic.enable') === undefined || tree.at('critic.enable') === null
      ? gae
      : tree.isTrue('critic.enable');
  const reward = tree.isTrue('reward_model.enable') || tree.isTrue('reward.reward_model.enable');
  const offloaded = (...paths: string[]) => (paths.some((path) => tree.isTrue(path)) ? ':offloaded' : '');
  const models = [
    ...(kl && !adapters
      ? [
          `reference=same:frozen${offloaded(`${REF}.fsdp_config.param_offload`, `${REF}.megatron.param_offload`)}`,
        ]
      : []),
    ...(critic
      ? [
          `critic=same:trained${offloaded(
            ...['critic.model.fsdp_config.param_offload', 'critic.fsdp.param_offload'],
            ...['critic.fsdp_config.param_offload', 'critic.megatron.param_offload'],
          )}`,
        ]
      : []),
    ...(reward ? [`reward=same:frozen${offloaded('reward_model.model.fsdp_config.param_offload')}`] : []),
  ];
  const own = tree.word('actor_rollout_ref.model.path');
  const other = (path: string) => tree.word(path) !== null && tree.word(path) !== own;
  return {
    models: models.length === 0 ? null : models.join(','),
    notes: [
      ...(kl && adapters
        ? ['its reference is the model without adapters: its forward pass is not timed']
        : []),
      ...(critic && other('critic.model.path')
        ? [`critic.model.path ${tree.word('critic.model.path')}: estimated as a model of the same sizes`]
        : []),
      ...(reward ? ['reward model: estimated as a model of the same sizes'] : []),
    ],
  };
}
