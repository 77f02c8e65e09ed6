import { groupOfDevice } from '../../domain/cluster.ts';
import { InputError } from '../../domain/input-error.ts';
import type { Plan, ReplicaBlock } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { optimizerInBackward } from '../../techniques/optimizer-in-backward.ts';
import { FULL_RECOMPUTE, recompute } from '../../techniques/recompute.ts';
import { zero } from '../../techniques/zero.ts';
import type { Tree } from '../reading/tree.ts';
import { BATCHES, MICRO_BATCHES, SHARES, type Sizes } from './file-rules.ts';

/** One stage of all GPUs. Throws InputError where they are not those of `devices`, or a batch is not of whole micro-batches. */
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
  const sizes = batches.map((batch, rank) => batch / (microBatches[rank] ?? 1));
  if (sizes.some((size) => size % 1 !== 0))
    throw refuse(
      'micro-batches of unlike size on one GPU',
      'batches that its micro-batches divide',
      MICRO_BATCHES,
    );
  const parts = partsOf(tree, batches.length);
  const [microBatchSize] = sizes as [number, ...number[]];
  const blocks: ReplicaBlock[] = [];
  for (const [rank, size] of sizes.entries()) {
    const firstDevice = devices[rank]!;
    const one: ReplicaBlock = {
      ...{ count: 1, group: groupOfDevice(cluster, firstDevice).index, firstDevice, tp: 1 },
      microBatches: microBatches[rank] ?? 1,
      ...(size === microBatchSize ? {} : { microBatchSize: size }),
      ...(parts[rank] === 1 ? {} : { stateParts: parts[rank]! }),
    };
    const last = blocks.at(-1);
    if (last !== undefined && follows(last, one))
      blocks[blocks.length - 1] = { ...last, count: last.count + 1 };
    else blocks.push(one);
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
    techniques: optimizerInBackward.set(
      zero.set(again ? recompute.set({}, FULL_RECOMPUTE) : {}, batches.length > 1 ? 3 : 0),
      tree.isTrue('optimizer_in_backwards'),
    ),
    nodeOrder: null,
  };
}

/** The next GPU of the same group, with as much to do and to keep. */
function follows(last: ReplicaBlock, one: ReplicaBlock): boolean {
  return (
    last.group === one.group &&
    last.firstDevice + last.count === one.firstDevice &&
    last.microBatches === one.microBatches &&
    last.microBatchSize === one.microBatchSize &&
    last.stateParts === one.stateParts
  );
}

/** Shares of the states are read as parts of a whole of at most so many. */
const MOST_PARTS = 10_000;

/** `split_uneven_partitions` as whole parts, the same for all where the states are shared equally. */
function partsOf(tree: Tree, ranks: number): number[] {
  const shares = tree.at(SHARES);
  if (!tree.isTrue('split_uneven') || !Array.isArray(shares) || shares.length !== ranks)
    return new Array<number>(ranks).fill(1);
  const least = Math.min(...shares.map(Number).filter((share) => share > 0));
  const partsIn = (all: number) => shares.map((share) => Math.max(1, Math.round(Number(share) * all)));
  for (let all = Math.ceil(1 / least / 2); all < MOST_PARTS; all++) {
    const parts = partsIn(all);
    if (parts.every((part, rank) => Math.abs(part / all - Number(shares[rank])) < 1e-9)) return parts;
  }
  return partsIn(MOST_PARTS);
}
