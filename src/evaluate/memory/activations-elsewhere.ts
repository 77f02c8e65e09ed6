import { type BySegment, type MemoryTerm, memoryTerm, type Point } from '../../domain/memory-term.ts';

const IN_FLIGHT: readonly Point[] = ['forward', 'loss', 'backward'];

/** In the host's memory for each micro-batch in flight; on the GPU those of the layer at work and of the one on its way. */
export function activationsElsewhere(offloaded: BySegment): MemoryTerm[] {
  const twice = offloaded.map((row) => row.map((bytes) => 2 * bytes));
  return [
    memoryTerm({
      part: 'activations',
      device: 'host',
      at: IN_FLIGHT,
      times: 'in-flight',
      layers: offloaded,
      fixed: [0],
    }),
    memoryTerm({
      part: 'activations on their way',
      at: IN_FLIGHT,
      over: 'widest',
      layers: twice,
      fixed: [0],
    }),
  ];
}
