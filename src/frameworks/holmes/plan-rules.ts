import { softmax } from '../../layers/mixers/softmax.ts';
import { recompute } from '../../techniques/recompute.ts';
import { zero } from '../../techniques/zero.ts';
import { networksApart } from '../laws/networks.ts';
import { no, type ProblemRule, type Rule } from '../laws/rule.ts';
import { networkName } from './networks.ts';

const ELSEWHERE = 'Maybe --launcher megatron.';

/** Its split is read by the models of before Megatron Core alone (megatron/legacy/model/transformer.py@03d9522). */
const legacyModel: ProblemRule = ({ model }) => {
  const odd = model.kinds.find(
    ({ mixer }) => mixer !== null && softmax.is(mixer) && mixer.qkNormParameters > 0,
  );
  if (odd !== undefined)
    return no('model-architecture', 'norms of queries and keys', 'a model without', ELSEWHERE);
  return model.mtpLayers > 0
    ? no('model-architecture', `${model.mtpLayers} layers that predict further tokens`, 'none', ELSEWHERE)
    : null;
};

export const PROBLEM_RULES: readonly ProblemRule[] = [legacyModel];

const degrees: Rule = (_, { dims: { cp, vpp } }) =>
  cp * vpp === 1 ? null : no('degrees', `cp=${cp}, vpp=${vpp}`, '1 each', ELSEWHERE);

const sharding: Rule = (_, { techniques, dims: { dpReplicate } }) =>
  zero.of(techniques) > 1 || dpReplicate > 1
    ? no(
        'sharding',
        `zero=${zero.of(techniques)},dp-replicate=${dpReplicate}`,
        'zero of 0 or 1, over all copies',
      )
    : null;

const recomputation: Rule = (_, { techniques }) => {
  const odd = recompute.of(techniques).modules.find((module) => module !== 'core_attn');
  return odd === undefined
    ? null
    : no('recompute-module', `recompute of ${odd}`, 'core_attn, or full', 'Maybe recompute=full.');
};

/** Data and tensor parallelism stay inside a network; pipelines cross. */
const oneNetwork: Rule = ({ cluster }, { pipelines }) => {
  for (const [i, { replicas }] of pipelines[0]!.stages.entries()) {
    const groups = replicas.map(({ group }) => group);
    const unknown = groups.find((group) => networkName(cluster.groups[group]!) === null);
    if (unknown !== undefined)
      return no(
        'network-layer',
        `${cluster.groups[unknown]!.nic.link.name} of ${cluster.groups[unknown]!.id}`,
        'InfiniBand, RoCE or Ethernet',
        ELSEWHERE,
      );
    if (networksApart(cluster, groups))
      return no(
        'stage-in-one-network',
        `stage ${i} on ${[...new Set(groups)].map((group) => cluster.groups[group]!.id).join(' and ')}`,
        'groups that one network joins',
      );
  }
  return null;
};

export const PLAN_RULES: readonly Rule[] = [degrees, sharding, recomputation, oneNetwork];
