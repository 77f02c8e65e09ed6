import type { Stack } from './stack.ts';

/** The stack with so many times the bytes that a GPU allocates; undefined: as it is. */
export function withMemory(stack: Stack, times: number | undefined): Stack {
  return times === undefined ? stack : { ...stack, allocator: { ...stack.allocator, overhead: times } };
}
