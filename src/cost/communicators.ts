import type { CostContext } from './context.ts';

/** Communicators alive on a GPU: one for each parallel group of more than one member, the pipeline counted by callers. */
export function communicators({ spans }: CostContext): number {
  let count = 0;
  for (const span of [spans.tensor, spans.context, spans.gradient, spans.expert])
    if (span.size > 1) count += 1;
  return count;
}
