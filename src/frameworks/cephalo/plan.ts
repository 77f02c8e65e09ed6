import { groupOfDevice } from '../../domain/cluster.ts';
import { InputError } from '../../domain/input-error.ts';
import type { Plan, ReplicaBlock } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { FULL_RECOMPUTE, recompute } from '../../techniques/recompute.ts';
import { zero } from '../../techniques/zero.ts';
import type { Tree } from '../reading/tree.ts';
import { BATCHES, MICRO_BATCHES, type Sizes } from './file-rules.ts';

/** One stage of all GPUs. Throws InputError where they are not those of `devices`, or their micro-batches unlike in size. */
export function planOf(
  tree: Tree,
  { batches, microBatches }: Sizes,
  { model, cluster }: Problem,
  devices: readonly number[],
): Plan {
  const refuse = (message: string, expected: string, key: string) =>
    new InputError({ message, expected, at: { file: tree.file, line: tree.line(key) } });
  if (batches.length > devices.length)
    throw refuse(`${batches.length} ranks`, `the ${devices.length} GPUs of ${cluster.name}`, BATCHES);
  const microBatchSize = batches[0]! / (microBatches[0] ?? 1);
  if (
    batches.some((batch, rank) => batch / (microBatches[rank] ?? 1) !== microBatchSize) ||
    microBatchSize % 1 !== 0
  )
    throw refuse(
      'micro-batches of unlike size',
      'one size on all GPUs, which is what a plan can say',
      MICRO_BATCHES,
    );
  const blocks: ReplicaBlock[] = [];
  for (const [rank, share] of microBatches.entries()) {
    const firstDevice = devices[rank]!;
    const group = groupOfDevice(cluster, firstDevice).index;
    const last = blocks.at(-1);
    const joins =
      last?.group === group && last.firstDevice + last.count === firstDevice && last.microBatches === share;
    if (joins) blocks[blocks.length - 1] = { ...last, count: last.count + 1 };
    else blocks.push({ count: 1, group, firstDevice, tp: 1, microBatches: share });
  }
  const again = tree.isTrue('ga') || tree.isTrue('recompute_layer') || microBatches.some((n) => n > 1);
  return {
    pipelines: [
      {
        stages: [{ chunks: [{ first: 0, end: model.layers.length }], microBatchSize, replicas: blocks }],
        microBatches: microBatches.reduce((a, b) => a + b, 0),
      },
    ],
    dims: { cp: 1, ep: 1, etp: 1, vpp: 1, dpReplicate: 1 },
    schedule: '1f1b',
    techniques: zero.set(again ? recompute.set({}, FULL_RECOMPUTE) : {}, batches.length > 1 ? 3 : 0),
    nodeOrder: null,
  };
}
