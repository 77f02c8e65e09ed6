import type { StageContext } from '../techniques/technique.ts';

/** Communicators alive on a GPU: one for each parallel group of more than one member, the pipeline's too. */
export function communicators({ groups, dims }: StageContext): number {
  const sizes = [groups.tensor.size, groups.context.size, groups.gradient.size, groups.expert.size, dims.pp];
  return sizes.filter((size) => size > 1).length;
}
