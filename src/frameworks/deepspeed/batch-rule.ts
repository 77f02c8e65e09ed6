import { bad, divides, type FileRule } from '../reading/file-rule.ts';
import type { Tree } from '../reading/tree.ts';
import { batchOf, type Sizes } from './settings.ts';

/**
 * train_batch_size = micro-batch · accumulation · data parallelism. What the file leaves out DeepSpeed divides out, rounding
 * down, and then refuses what does not come out even (deepspeed/runtime/config.py@029f12b, _set_batch_related_parameters and
 * _batch_assertion); of a batch alone the accumulation is 1.
 */
export const batchEquation: FileRule<Tree, Sizes> = {
  rule: 'batch-equation',
  at: 'train_batch_size',
  check: (tree, sizes) => {
    const [batch, micro, steps] = batchOf(tree);
    if (batch === null) return null;
    const dp = dataParallelOf(sizes);
    if (micro !== null && steps !== null && dp !== null) {
      const wanted = micro * steps * dp;
      if (wanted === batch) return null;
      return bad(
        `train_batch_size ${batch}`,
        `micro ${micro} · accumulation ${steps} · data parallel ${dp} = ${wanted}`,
        batch % (micro * dp) === 0
          ? `Set gradient_accumulation_steps to ${batch / (micro * dp)}.`
          : `Set train_batch_size to ${wanted}.`,
      );
    }
    const known = [
      ['micro', micro],
      ['accumulation', steps],
      ['data parallel', dp],
    ] as const;
    const said = known.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
    return divides(
      'train_batch_size',
      batch,
      said.reduce((product, [, value]) => product * value, 1),
      `${said.map(([name]) => name).join(' · ')} =`,
      'Change one.',
    );
  },
};

/** Ulysses and AutoTP ranks are no copies; null: not known, or not whole. */
function dataParallelOf({ sp, tp, mesh, gpus }: Sizes): number | null {
  if (mesh !== null) return mesh;
  return gpus === null || gpus % (sp * tp) !== 0 ? null : gpus / (sp * tp);
}
