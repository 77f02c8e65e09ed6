import { InputError } from '../../domain/input-error.ts';
import { loss } from '../../techniques/loss.ts';
import { Misread } from '../../techniques/misread.ts';
import type { Asked, Source } from '../port/reader.ts';
import type { Tree } from '../reading/tree.ts';
import { notesOf } from './notes.ts';
import { offloadedIn } from './offload.ts';
import { askedOptimizer } from './optimizer.ts';
import { batchOf, micsOf, precisionOf, sizeOf, sizesOf, ZERO } from './settings.ts';

/** What a file asks for. Throws InputError where that is not what a plan can come near. */
export function askedOf(tree: Tree, source: Source): Asked {
  const { sp, tp, stage, mesh } = sizesOf(tree, null);
  const [batch, micro, steps] = batchOf(tree);
  const dp = mesh ?? (batch === null || micro === null || steps === null ? null : batch / (micro * steps));
  const microBatch = micro ?? (dp === null ? null : impliedMicroBatch(batch, dp, steps));
  if (microBatch === null && batch !== null && !tree.keys('').includes('train_micro_batch_size_per_gpu'))
    throw refusal(tree, 'train_batch_size', `train_batch_size ${batch} alone`, [
      'train_micro_batch_size_per_gpu beside it: without it the micro-batch depends on the number of GPUs',
      'Maybe add "train_micro_batch_size_per_gpu": 1.',
    ]);
  const { notes, ...optimizer } = askedOptimizer(tree, source);
  const recomputed = sizeOf(tree, 'activation_checkpointing.number_checkpoints');
  return {
    configuration: {
      ...(sp > 1 ? { cp: String(sp) } : {}),
      ...(tp > 1 ? { tp: String(tp) } : {}),
      ...(dp === null ? {} : { dp: String(dp) }),
      ...(microBatch === null ? {} : { 'micro-batch': String(microBatch) }),
      recompute: recomputed === null ? 'none' : 'full',
      zero: String(stage),
      ...overlapOf(tree, stage),
      ...lossBeside(tree, source),
      ...offloadedIn(tree),
      ...replicasOf(tree, dp === null ? null : dp * sp),
    },
    sequenceLength: null,
    globalBatchSize:
      batch ?? (mesh === null || micro === null || steps === null ? null : micro * steps * mesh),
    precision: precisionOf(tree),
    layers: null,
    hiddenSize: null,
    ...optimizer,
    notes: [...notesOf(tree), ...notes],
  };
}

/** Off below stage 3 where the file does not say (deepspeed/runtime/zero/config.py@1b88ac3, overlap_comm_valid). */
function overlapOf(tree: Tree, stage: number): { readonly 'dp-overlap'?: string } {
  const said = tree.at(`${ZERO}.overlap_comm`);
  const on = typeof said === 'boolean' ? said : stage === 3;
  return on || stage === 0 ? {} : { 'dp-overlap': 'none' };
}

/** What `launch.sh` beside the file tells the program of its loss. Throws InputError where no loss has that name. */
function lossBeside(tree: Tree, { beside }: Source): { readonly loss?: string } {
  const told = /^export LOSS='?([^'\n]*)'?$/m.exec(beside?.('launch.sh') ?? '')?.[1];
  if (told === undefined) return {};
  const read = loss.parse(told);
  if (!(read instanceof Misread)) return { loss: loss.format(read) };
  throw new InputError({
    message: `launch.sh beside ${tree.file} has LOSS=${told}`,
    expected: read.expected,
    ...(read.meant === undefined ? {} : { hint: `Maybe LOSS=${read.meant}.` }),
  });
}

/** Of a batch alone the accumulation is 1 (deepspeed/runtime/config.py@029f12b, _set_batch_related_parameters). */
function impliedMicroBatch(batch: number | null, dp: number, steps: number | null): number | null {
  return batch === null ? null : batch / (dp * (steps ?? 1));
}

/** MiCS shards every state over `mics_shard_size` consecutive ranks (deepspeed/runtime/zero/mics_utils.py). */
function replicasOf(tree: Tree, ranks: number | null): { readonly 'dp-replicate'?: string } {
  const size = micsOf(tree);
  if (size === null || size === ranks) return {};
  if (ranks !== null && ranks % size === 0) return { 'dp-replicate': String(ranks / size) };
  throw refusal(tree, `${ZERO}.mics_shard_size`, `mics_shard_size ${size}`, [
    ranks === null
      ? 'the whole batch equation beside it: train_batch_size, micro-batch and accumulation'
      : `a divisor of the ${ranks} GPUs of the batch equation`,
  ]);
}

function refusal(
  tree: Tree,
  path: string,
  message: string,
  [expected, hint]: readonly [expected: string, hint?: string],
): InputError {
  const at = { file: tree.file, line: tree.line(path) };
  return new InputError({ message, expected, at, ...(hint === undefined ? {} : { hint }) });
}
