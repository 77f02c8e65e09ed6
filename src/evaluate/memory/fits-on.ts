import type { Estimate } from '../../domain/estimate.ts';
import type { Problem } from '../../domain/problem.ts';
import { limitBytes, reservedBytes } from './device.ts';

/** Whether a plan whose bytes are known fits a problem that differs from its own in what memory there is, and to be left free, alone. */
export function fitsOn(
  { cluster, workload, stack }: Problem,
  { stages, hosts }: Pick<Estimate, 'stages' | 'hosts'>,
): boolean {
  const { headroom, headroomBytes = 0, reservedBytes: held = 0 } = workload;
  const onGpu = stages.every(({ group, memory }) => {
    const { gpu } = cluster.groups[group]!;
    const limits = { gpu, headroom, headroomBytes, reservedBytes: held, allocator: stack.allocator };
    const outside = memory.deviceBytes - memory.reservedBytes;
    return reservedBytes(memory.allocatedBytes, limits, outside) + outside <= limitBytes(limits);
  });
  return onGpu && hosts.every(({ verdict }) => verdict !== 'does-not-fit');
}
