import type { Tree } from '../reading/tree.ts';
import { batchOf, sizeOf, sizesOf, ZERO } from './settings.ts';

const QUANTIZED = ['weights', 'nontrainable_weights', 'gradients'].map((what) => `zero_quantized_${what}`);

/**
 * What a file says that no plan can. hpZ shards a second, 16-bit copy of the parameters over few ranks and leaves all states
 * sharded over all of them (ZeRO++, arXiv 2306.10209 section 3.2): memory comes out too low, and gathers in the backward pass
 * too slow.
 */
export function notesOf(tree: Tree): string[] {
  const hpz = sizeOf(tree, `${ZERO}.zero_hpz_partition_size`) ?? 1;
  const [batch, , steps] = batchOf(tree);
  const quantized = QUANTIZED.filter((key) => tree.isTrue(`${ZERO}.${key}`));
  return [
    ...(hpz > 1
      ? [
          `zero_hpz_partition_size ${hpz}: estimated as plain ZeRO-3, without its second copy of the parameters, 2 bytes each over ${hpz} GPUs`,
        ]
      : []),
    ...quantized.map((key) => `${key}: estimated without, in the communication of plain ZeRO`),
    ...(batch === null && steps !== null && sizesOf(tree, null).mesh === null
      ? [`gradient_accumulation_steps ${steps}: follows from --global-batch, as train_batch_size is not said`]
      : []),
  ];
}
