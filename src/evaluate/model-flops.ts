import { attendedLength, usefulShare } from '../domain/attended-length.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { gemmCurve } from '../hardware/gemm.ts';
import { flopsPerToken } from '../layers/parameters.ts';

/**
 * Model FLOPs of one step, forward and backward: no recomputation, causal attention counted half. What they are over peak FLOPs is MFU
 * (Chowdhery et al. 2022, arXiv 2204.02311, appendix B).
 */
export function modelFlopsPerStep(problem: Problem): number {
  const { model, workload } = problem;
  const tokens = workload.sequenceLength * workload.globalBatchSize * usefulShare(workload);
  return flopsPerToken(model, attendedLength(problem)) * tokens;
}

/** Dense peak FLOP/s of all GPUs of a plan, in the dtype the linear layers run in. */
export function peakFlops({ cluster, workload }: Problem, plan: Plan): number {
  let sum = 0;
  for (const pipeline of plan.pipelines) {
    for (const stage of pipeline.stages) {
      for (const block of stage.replicas) {
        const gpu = cluster.groups[block.group]!.gpu;
        const { peak } = gemmCurve(gpu, workload.precision);
        sum += peak * block.count * block.tp * plan.dims.cp;
      }
    }
  }
  return sum;
}
