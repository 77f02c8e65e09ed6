import { MEMORY_ERROR } from '../evaluate/memory/walk.ts';
import type { Disturbance } from './disturbance.ts';

/**
 * Memory 5 % higher, the mean error of reserved and device memory on published runs, held against all that a GPU has: headroom is there
 * for this. A GPU with so much less of it stands for needing so much more. Time stays: stages dealt by what
 * a GPU holds (dispatch) stay cut as they are.
 */
export const moreMemory: Disturbance = {
  id: 'more-memory',
  name: `memory ${100 * MEMORY_ERROR}% higher`,
  changes: 'memory',
  disturbed: (problem) => {
    const { cluster, workload } = problem;
    const { headroomBytes: _, reservedBytes, ...rest } = workload;
    const held = reservedBytes === undefined ? {} : { reservedBytes: reservedBytes / (1 + MEMORY_ERROR) };
    const groups = cluster.groups.map((group) => {
      const memoryBytes = group.gpu.memoryBytes / (1 + MEMORY_ERROR);
      return { ...group, gpu: { ...group.gpu, memoryBytes } };
    });
    return { ...problem, cluster: { ...cluster, groups }, workload: { ...rest, ...held, headroom: 0 } };
  },
};
