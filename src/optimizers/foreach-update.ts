import type { Problem } from '../domain/problem.ts';
import { statesIn } from '../domain/stack.ts';
import { optimizerOf } from './index.ts';
import type { ForeachUpdate } from './optimizer.ts';

/** What updating all weights operation by operation costs where a run does; null: it does not. On a CPU nobody does (_default_to_fused_or_foreach, torch/optim/optimizer.py). */
export function foreachUpdate({
  workload,
  stack,
}: Pick<Problem, 'workload' | 'stack'>): ForeachUpdate | null {
  const { optimizer, optimizerOptions = {} } = workload;
  const { update = stack.updates } = optimizerOptions;
  if (update !== 'foreach') return null;
  return optimizerOf(optimizer).foreach?.(statesIn(workload, stack.state)) ?? null;
}
