import { InputError } from '../../domain/input-error.ts';
import type { Problem } from '../../domain/problem.ts';
import type { ExpressedOptimizers } from '../port/framework.ts';
import type { Tree } from '../reading/tree.ts';

/**
 * torch's AdamW, and its SGD without momentum; with accumulate_grad_in_fp32 over fp32 masters, otherwise on the weights
 * themselves (src/nanotron/helpers.py@2411b02, init_optimizer_and_grad_accumulator).
 */
export const NANOTRON_OPTIMIZERS: ExpressedOptimizers = {
  adamw: { master: ['fp32', 'none'] },
  sgd: { momentum: ['off'], master: ['fp32', 'none'] },
};

const FACTORY = 'optimizer.optimizer_factory';

export function optimizerFactory({ workload }: Problem) {
  return workload.optimizer === 'sgd'
    ? { name: 'sgd' }
    : {
        name: 'adamW',
        adam_beta1: 0.9,
        adam_beta2: 0.95,
        adam_eps: 1e-8,
        torch_adam_is_fused: true,
      };
}

/** Throws InputError on a name that nanotron does not know either. */
export function askedOptimizer(tree: Tree): string | undefined {
  const name = tree.word(`${FACTORY}.name`) ?? 'adamW';
  const own = { adamW: ['adamw'], sgd: ['sgd', 'momentum=off'] }[name];
  if (own === undefined)
    throw new InputError({
      message: `${FACTORY}.name is "${name}"`,
      expected: 'adamW or sgd',
      at: { file: tree.file, line: tree.line(`${FACTORY}.name`) },
    });
  const pure = tree.at('optimizer.accumulate_grad_in_fp32') === false;
  const words = [...own, ...(pure ? ['master=none'] : [])].join();
  return words === 'adamw' ? undefined : words;
}
