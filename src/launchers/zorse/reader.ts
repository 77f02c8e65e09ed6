import { groupOfDevice } from '../../domain/cluster.ts';
import { InputError } from '../../domain/input-error.ts';
import type { Plan, ReplicaBlock } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { bad, broken, type FileRule, type LaunchReader } from '../reader.ts';
import { type Tree, treeOf } from '../tree.ts';
import type { ZorseStage } from './config.ts';
import { ZORSE_MODELS } from './models.ts';

interface Sizes {
  readonly stages: readonly ZorseStage[];
  /** Micro-batches of a step. */
  readonly total: number | null;
  readonly gpus: number | null;
}

const RULES: readonly FileRule<Tree, Sizes>[] = [
  {
    rule: 'model-hub',
    at: 'model_name',
    check: (tree) => {
      const name = tree.word('model_name');
      return name !== null && /^(deepspeed|toy)?(llama|gpt|bert|opt|vit|mistral)/i.test(name)
        ? null
        : bad(`model_name ${name ?? 'missing'}`, 'a model of its hub', 'Use deepspeedllama_7b, for example.');
    },
  },
  {
    rule: 'layers-continuous',
    at: 'pipeline_config',
    check: (_, { stages }) => {
      const sorted = [...stages].sort((a, b) => a.layer_partition[0] - b.layer_partition[0]);
      const gap = sorted.findIndex(
        ({ layer_partition: [first] }, i) => first !== (sorted[i - 1]?.layer_partition[1] ?? 0),
      );
      return gap < 0
        ? null
        : bad(
            `layer_partition ${sorted[gap]!.layer_partition.join('-')}`,
            `to start at ${sorted[gap - 1]?.layer_partition[1] ?? 0}`,
            'Let each stage start where the one before ends.',
          );
    },
  },
  {
    rule: 'layers-of-model',
    at: 'pipeline_config',
    check: (tree, { stages }) => {
      const model = ZORSE_MODELS[tree.word('model_name')?.toLowerCase() ?? ''];
      const end = Math.max(...stages.map(({ layer_partition }) => layer_partition[1]));
      return model === undefined || end === model.layers
        ? null
        : bad(`layers up to ${end}`, `the ${model.layers} of the model`, 'Correct the last layer_partition.');
    },
  },
  {
    rule: 'micro-batches',
    at: 'pipeline_config',
    check: (tree, { stages, total }) => {
      if (total === null || tree.isTrue('split_microbatches_evenly')) return null;
      const odd = stages.findIndex(
        ({ num_microbatches_per_rank: n }) => n.reduce((a, b) => a + b, 0) !== total,
      );
      return odd < 0
        ? null
        : bad(
            `stage ${odd} with ${stages[odd]!.num_microbatches_per_rank.reduce((a, b) => a + b, 0)} micro-batches`,
            `global_batch_size / microbatch_size = ${total}`,
            'Correct num_microbatches_per_rank.',
          );
    },
  },
  {
    rule: 'micro-batches-per-rank',
    at: 'pipeline_config',
    check: (_, { stages }) => {
      const odd = stages.findIndex(({ gpu_ranks: r, num_microbatches_per_rank: n }) => r.length !== n.length);
      return odd < 0
        ? null
        : bad(
            `stage ${odd}`,
            'one number of micro-batches for each rank',
            'Correct num_microbatches_per_rank.',
          );
    },
  },
  {
    rule: 'ranks-once',
    at: 'pipeline_config',
    check: (_, { stages }) => {
      const odd = stages.findIndex(({ gpu_ranks: ranks }) => new Set(ranks).size !== ranks.length);
      return odd < 0
        ? null
        : bad(`stage ${odd} names a rank twice`, 'each rank once in a stage', 'Drop one.');
    },
  },
  {
    rule: 'zero-groups',
    at: 'pipeline_config',
    check: (_, { stages }) => {
      const odd = stages.findIndex(
        ({ gpu_ranks: ranks, zero_config: groups }) =>
          groups.some((group) => new Set(group).size !== group.length) ||
          groups.flat().some((rank) => !ranks.includes(rank)),
      );
      return odd < 0
        ? null
        : bad(
            `zero_config of stage ${odd}`,
            'groups of ranks of the stage, each once',
            'Correct zero_config.',
          );
    },
  },
  {
    rule: 'world-size',
    at: 'pipeline_config',
    check: (_, { stages, gpus }) => {
      const most = Math.max(...stages.flatMap(({ gpu_ranks }) => gpu_ranks)) + 1;
      return gpus === null || most <= gpus
        ? null
        : bad(`rank ${most - 1}`, `ranks 0 to ${gpus - 1}`, 'Add GPUs.');
    },
  },
];

/** Zorse's training configuration. */
export const zorseReader: LaunchReader = {
  file: 'zorse_config.json',
  rules: RULES,
  read(source) {
    const tree = treeOf(source.value(), source.path, "Zorse's training configuration");
    const stages = stagesOf(tree);
    const [batch, micro] = [tree.count('global_batch_size'), tree.count('microbatch_size')];
    const total = batch === null || micro === null ? null : Math.floor(batch / micro);
    return {
      asked: () => ({
        configuration: {},
        sequenceLength: tree.count('sequence_length'),
        globalBatchSize: batch,
        precision: { bfloat16: 'bf16', float16: 'fp16' }[tree.word('autocast_dtype') ?? ''] ?? null,
        layers: Math.max(...stages.map(({ layer_partition }) => layer_partition[1])),
        hiddenSize: ZORSE_MODELS[tree.word('model_name')?.toLowerCase() ?? '']?.hiddenSize ?? null,
        plan: (problem, devices) => planOf(tree, stages, micro ?? 1, problem, devices),
      }),
      violations: (gpus) => broken(RULES, tree, { stages, total, gpus }, (at) => tree.line(at)),
    };
  },
};

function stagesOf(tree: Tree): ZorseStage[] {
  const list = tree.at('pipeline_config');
  const whole = (value: unknown): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0;
  const wholes = (value: unknown): value is number[] => Array.isArray(value) && value.every(whole);
  const fail = (message: string, line: number): never => {
    throw new InputError({
      message,
      expected:
        'gpu_ranks, num_microbatches_per_rank, layer_partition and zero_config, lists of whole numbers',
      at: { file: tree.file, line },
    });
  };
  if (!Array.isArray(list) || list.length === 0) return fail(`${tree.file} has no pipeline_config`, 1);
  return list.map((stage: Partial<ZorseStage>, i): ZorseStage => {
    const { gpu_ranks, num_microbatches_per_rank = [], layer_partition, zero_config } = stage ?? {};
    if (
      !wholes(gpu_ranks) ||
      gpu_ranks.length === 0 ||
      !wholes(num_microbatches_per_rank) ||
      !wholes(layer_partition) ||
      layer_partition.length !== 2 ||
      !Array.isArray(zero_config) ||
      !zero_config.every(wholes)
    )
      return fail(`stage ${i} of pipeline_config is incomplete`, tree.line(`pipeline_config.${i}`));
    return {
      gpu_ranks,
      num_microbatches_per_rank,
      layer_partition: layer_partition as [number, number],
      zero_config,
    };
  });
}

/** Ranks of one stage that follow each other on devices of one group, with equally many micro-batches, are one block. */
function planOf(
  tree: Tree,
  stages: readonly ZorseStage[],
  microBatchSize: number,
  { cluster }: Problem,
  devices: readonly number[],
): Plan {
  const sorted = [...stages].sort((a, b) => a.layer_partition[0] - b.layer_partition[0]);
  const [{ gpu_ranks: ranks, zero_config: zero, num_microbatches_per_rank: shares }] = sorted as [ZorseStage];
  const groupSize = Math.max(1, ...zero.map((group) => group.length));
  return {
    pipelines: [
      {
        stages: sorted.map(
          ({ gpu_ranks, num_microbatches_per_rank: shares, layer_partition: [first, end] }) => {
            const blocks: ReplicaBlock[] = [];
            for (const [i, rank] of gpu_ranks.entries()) {
              const device = devices[rank];
              if (device === undefined)
                throw new InputError({
                  message: `rank ${rank} in pipeline_config`,
                  expected: `ranks 0 to ${devices.length - 1} of ${cluster.name}`,
                  at: { file: tree.file, line: tree.line('pipeline_config') },
                });
              const group = groupOfDevice(cluster, device).index;
              const last = blocks.at(-1);
              if (
                last !== undefined &&
                last.group === group &&
                last.firstDevice + last.count === device &&
                last.microBatches === shares[i]
              )
                blocks[blocks.length - 1] = { ...last, count: last.count + 1 };
              else
                blocks.push({
                  count: 1,
                  group,
                  firstDevice: device,
                  tensorParallel: 1,
                  microBatches: shares[i] ?? 0,
                });
            }
            return { chunks: [{ first, end }], replicas: blocks };
          },
        ),
        microBatches: shares.reduce((a, b) => a + b, 0),
      },
    ],
    schedule: { id: sorted.length > 1 ? 'gpipe' : '1f1b', virtualStages: 1 },
    microBatchSize,
    contextParallel: 1,
    expertParallel: 1,
    expertTensorParallel: 1,
    sequenceParallel: false,
    recompute: { mode: tree.isTrue('recompute_layer') ? 'full' : 'none', modules: [], layersPerStage: null },
    optimizerSharding: ranks.length > 1 ? 3 : 0,
    shardGroup: groupSize === ranks.length ? null : groupSize,
    nodeOrder: null,
  };
}
