import type { Problem } from '../domain/problem.ts';

/** Whether anything lies between nodes. */
export function hasNetwork({ cluster: { groups } }: Problem): boolean {
  return groups.length > 1 || groups.some(({ nodes }) => nodes > 1);
}
