import { InputError } from '../../domain/input-error.ts';
import type { Tree } from '../reading/tree.ts';
import type { ZorseStage } from './config.ts';

/**
 * The stages as they stand; with split_microbatches_evenly, each with even shares of the micro-batches `total`, as
 * zorse_utils/pipeline_config.py@9d21192 sets them. Throws InputError where one is no list of ranks, shares and layers.
 */
export function stagesOf(tree: Tree, total: number | null): ZorseStage[] {
  const list = tree.at('pipeline_config');
  const even = tree.isTrue('split_microbatches_evenly') ? (total ?? 0) : null;
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
      num_microbatches_per_rank:
        even === null ? num_microbatches_per_rank : evenShares(even, gpu_ranks.length),
      layer_partition: layer_partition as [number, number],
      zero_config,
    };
  });
}

/** The first ranks take one more where it does not come out even. */
function evenShares(total: number, ranks: number): number[] {
  return Array.from({ length: ranks }, (_, i) => Math.floor(total / ranks) + (i < total % ranks ? 1 : 0));
}

const whole = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0;

const wholes = (value: unknown): value is number[] => Array.isArray(value) && value.every(whole);
