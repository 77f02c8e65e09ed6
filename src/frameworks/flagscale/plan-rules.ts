import type { ModelSpec } from '../../domain/model.ts';
import { microBatchSizeOf, type Plan, replicasOf } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { hostRuns } from '../../launch-folder/ranks.ts';
import { sequenceParallel } from '../../techniques/sequence-parallel.ts';
import { zero } from '../../techniques/zero.ts';
import { no, type OutlineRule, type ProblemRule, type Rule } from '../laws/rule.ts';
import { typesOf } from './meshes.ts';
import { sharedEmbedding } from './shared-embedding.ts';

/**
 * What FlagScale's meshes ask (flagscale/train/arguments.py and hetero/parallel_context.py@v0.9.0, the same in
 * Megatron-LM-FL v0.1.0), and what they need and no assertion checks.
 */

/** Each stage lies on hosts of one type, for a mesh has one. */
const oneGroup: Rule = ({ cluster }, { pipelines }) => {
  const odd = pipelines[0]!.stages.findIndex(({ replicas }) =>
    replicas.some(({ group, tp }) => group !== replicas[0]!.group || tp !== replicas[0]!.tp),
  );
  if (odd < 0) return null;
  const ids = new Set(pipelines[0]!.stages[odd]!.replicas.map(({ group }) => cluster.groups[group]!.id));
  return no(
    'mesh-of-one-type',
    `stage ${odd} on ${[...ids].join(' and ')}`,
    'one group and one tensor-parallel size in a stage',
    'Maybe --launcher megatron.',
  );
};

/** All meshes see every sample: they take the same micro-batches in the same number, each split over its own copies. */
const constantBatch: Rule = (_, plan) => {
  const { stages } = plan.pipelines[0]!;
  const whole = microBatchSizeOf(plan) * replicasOf(stages[0]!);
  const odd = stages.find((stage) => stage.microBatchSize * replicasOf(stage) !== whole);
  return odd === undefined
    ? null
    : no(
        'constant-micro-batch',
        `micro-batches of ${odd.microBatchSize} on ${replicasOf(odd)} copies`,
        `micro-batch·dp = ${whole} on every stage, as on the first`,
      );
};

const contextParallel: OutlineRule = (_, { cp }) =>
  cp === 1 ? null : no('context-parallel', `cp=${cp}`, '1 in its meshes', 'Maybe --launcher megatron.');

const virtualStages: OutlineRule = (_, { severalChunks }) =>
  severalChunks
    ? no(
        'virtual-stages',
        'several chunks a stage',
        'vpp=1: its meshes have no interleaving',
        'Maybe --launcher megatron.',
      )
    : null;

/** Of the ends of the model, where both hold the word embedding, only the tensor parallelism: copies matter by sharding. */
const embeddingShards: OutlineRule = ({ model }, { served }) => {
  const [first, last] = [served[0]!, served.at(-1)!];
  const shares = sharesEmbedding(model);
  const { broken } = sharedEmbedding({ shares, sharded: false }, { ...first, dp: 1 }, { ...last, dp: 1 });
  return broken === null ? null : no('shared-embedding', broken.actual, broken.limit);
};

function sharesEmbedding({ tiedEmbeddings, mtpLayers }: ModelSpec): boolean {
  return tiedEmbeddings || mtpLayers > 0;
}

/** Asserted since the layout of 2026; before, activations are cut along the sequence at a boundary all the same. */
const unlikeTensorParallel: Rule = (_, { pipelines, techniques }) => {
  const sizes = new Set(pipelines[0]!.stages.map(({ replicas }) => replicas[0]!.tp));
  return sizes.size === 1 || sequenceParallel.of(techniques)
    ? null
    : no(
        'unlike-tp-needs-sp',
        `tensor parallelism ${[...sizes].join(', ')} without sequence parallelism`,
        'sequence parallelism',
        'Maybe sp=true.',
      );
};

/** The distributed optimizer is each mesh's own, over all of its copies. */
const sharding: Rule = (_, { techniques, dims: { dpReplicate } }) =>
  zero.of(techniques) > 1 || dpReplicate > 1
    ? no(
        'sharding',
        `zero=${zero.of(techniques)},dp-replicate=${dpReplicate}`,
        'zero of 0 or 1, over all copies',
      )
    : null;

const embeddings: Rule = (problem, plan) => sharedEmbeddingLaw(problem, plan);

/** Ranks follow the order of hosts: torchrun starts those of a host in a row. */
const hostOnce: Rule = ({ cluster }, plan) => {
  const hosts = hostRuns(cluster, plan).map(({ host }) => host);
  const twice = hosts.find((host, i) => hosts.indexOf(host) < i);
  return twice === undefined
    ? null
    : no('consecutive-ranks-per-host', `ranks apart on host ${twice}`, 'one run of ranks on each host');
};

/** A line of its hostfile has one type, and a type is one mesh or several alike. */
const typeOfHost: Rule = ({ cluster }, plan) => {
  const { stages } = plan.pipelines[0]!;
  const types = typesOf(cluster, stages);
  const byRank = stages.flatMap(({ replicas }, i) =>
    replicas.flatMap(({ count, tp }) => new Array<string>(count * tp).fill(types[i]!)),
  );
  let rank = 0;
  for (const { host, gpus } of hostRuns(cluster, plan)) {
    const here = new Set(byRank.slice(rank, rank + gpus.length));
    rank += gpus.length;
    if (here.size > 1)
      return no(
        'type-of-host',
        `host ${host} of the types ${[...here].join(' and ')}`,
        'one type for all ranks of a host',
      );
  }
  return null;
};

function sharedEmbeddingLaw({ model }: Problem, plan: Plan): Reason | null {
  const { stages } = plan.pipelines[0]!;
  const endOf = (stage: (typeof stages)[number]) => ({ tp: stage.replicas[0]!.tp, dp: replicasOf(stage) });
  const found = sharedEmbedding(
    { shares: sharesEmbedding(model), sharded: zero.of(plan.techniques) > 0 },
    endOf(stages[0]!),
    endOf(stages.at(-1)!),
  );
  return found.broken === null ? null : no('shared-embedding', found.broken.actual, found.broken.limit);
}

/** HybridEP is younger than its Megatron-LM. */
const dispatcher: ProblemRule = ({ stack }) =>
  stack.moeDispatcher === 'hybridep'
    ? no('moe-dispatcher', 'hybridep', 'alltoall, allgather or deepep')
    : null;

export const PROBLEM_RULES: readonly ProblemRule[] = [dispatcher];

export const PLAN_RULES: readonly Rule[] = [
  oneGroup,
  unlikeTensorParallel,
  constantBatch,
  sharding,
  embeddings,
  hostOnce,
  typeOfHost,
];

export const OUTLINE_RULES: readonly OutlineRule[] = [contextParallel, virtualStages, embeddingShards];
