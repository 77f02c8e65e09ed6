import type { Cluster } from './cluster.ts';
import type { GpuSpec } from './gpu.ts';
import type { Problem } from './problem.ts';

/** The problem with GPUs as its stack drives them: fp16 that sums up in fp16 at its own peak, where stack and precision ask for it. */
export function asDriven(problem: Problem): Problem {
  const { stack, workload, cluster } = problem;
  if (stack.halfSums !== true || workload.precision !== 'fp16') return problem;
  return { ...problem, cluster: withHalfSums(cluster) };
}

function withHalfSums(cluster: Cluster): Cluster {
  return { ...cluster, groups: cluster.groups.map((group) => ({ ...group, gpu: faster(group.gpu) })) };
}

/** Attention kernels sum up in fp32 whatever the switch says: their peak is that of bf16. */
function faster(gpu: GpuSpec): GpuSpec {
  const { halfSumsFlops, peakFlops } = gpu;
  if (halfSumsFlops === undefined) return gpu;
  return { ...gpu, peakFlops: { bf16: peakFlops.fp16!, ...peakFlops, fp16: halfSumsFlops } };
}
