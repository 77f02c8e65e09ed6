import { type Cluster, groupOfDevice } from '../../domain/cluster.ts';
import { InputError } from '../../domain/input-error.ts';
import type { Plan, ReplicaBlock } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { FULL_RECOMPUTE, recompute } from '../../techniques/recompute.ts';
import { zero } from '../../techniques/zero.ts';
import type { Tree } from '../reading/tree.ts';
import type { ZorseStage } from './config.ts';

/** The plan of the stages in layer order. Throws InputError where they name ranks that `devices` has not. */
export function planOf(
  tree: Tree,
  stages: readonly ZorseStage[],
  microBatchSize: number,
  { cluster }: Problem,
  devices: readonly number[],
): Plan {
  const sorted = [...stages].sort((a, b) => a.layer_partition[0] - b.layer_partition[0]);
  const [{ gpu_ranks: ranks, zero_config: groups, num_microbatches_per_rank: shares }] = sorted as [
    ZorseStage,
  ];
  const groupSize = Math.max(1, ...groups.map((group) => group.length));
  return {
    pipelines: [
      {
        stages: sorted.map((stage) => ({
          chunks: [{ first: stage.layer_partition[0], end: stage.layer_partition[1] }],
          microBatchSize,
          replicas: blocksOf(tree, stage, cluster, devices),
        })),
        microBatches: shares.reduce((a, b) => a + b, 0),
      },
    ],
    dims: { cp: 1, ep: 1, etp: 1, vpp: 1, dpReplicate: Math.max(1, Math.floor(ranks.length / groupSize)) },
    schedule: sorted.length > 1 ? 'gpipe' : '1f1b',
    techniques: zero.set(
      tree.isTrue('recompute_layer') ? recompute.set({}, FULL_RECOMPUTE) : {},
      ranks.length > 1 ? 3 : 0,
    ),
    nodeOrder: null,
  };
}

/** Ranks of one stage that follow each other on devices of one group, with equally many micro-batches, are one block. */
function blocksOf(
  tree: Tree,
  { gpu_ranks, num_microbatches_per_rank: shares }: ZorseStage,
  cluster: Cluster,
  devices: readonly number[],
): ReplicaBlock[] {
  const blocks: ReplicaBlock[] = [];
  for (const [i, rank] of gpu_ranks.entries()) {
    const firstDevice = devices[rank];
    if (firstDevice === undefined)
      throw new InputError({
        message: `rank ${rank} in pipeline_config`,
        expected: `ranks 0 to ${devices.length - 1} of ${cluster.name}`,
        at: { file: tree.file, line: tree.line('pipeline_config') },
      });
    const group = groupOfDevice(cluster, firstDevice).index;
    const microBatches = shares[i] ?? 0;
    const last = blocks.at(-1);
    const joins =
      last?.group === group &&
      last.firstDevice + last.count === firstDevice &&
      last.microBatches === microBatches;
    if (joins) blocks[blocks.length - 1] = { ...last, count: last.count + 1 };
    else blocks.push({ count: 1, group, firstDevice, tp: 1, microBatches });
  }
  return blocks;
}
