import { attentionForward } from '../../hardware/attention.ts';
import { gemmCurve, gemmSeconds } from '../../hardware/gemm.ts';
import { sustained } from '../../hardware/power.ts';
import { streamSeconds } from '../../hardware/stream.ts';
import type { Kernel, Operator } from '../../layers/operator.ts';
import { communicationExposure } from '../../techniques/overlap.ts';
import type { StageContext } from '../../techniques/technique.ts';
import { noTime, type PassTime } from './pass-time.ts';

export interface OperatorTime {
  readonly forward: PassTime;
  readonly backward: PassTime;
  /** The part of backward that only computes weight gradients. */
  readonly weightGrad: number;
}

/** Device seconds of one operator, communication included; host time is judged per layer. */
export function operatorTime(operator: Operator, context: StageContext): OperatorTime {
  const forward = noTime();
  const backward = noTime();
  let weightGrad = 0;
  for (const kernel of operator.kernels) weightGrad += addKernel(kernel, context, forward, backward);
  for (const one of operator.communication) {
    const pass = one.pass === 'forward' ? forward : backward;
    const { exposed, hidden } = communicationExposure(
      one,
      context.groups,
      context.problem.stack,
      pass,
      context.c,
    );
    if (one.group === 'tensor' || one.group === 'expert-tensor') pass.tensorParallel += exposed;
    else if (one.group === 'context') pass.contextParallel += exposed;
    else pass.expertParallel += exposed;
    pass.contention += hidden * context.c.contention;
  }
  return { forward, backward, weightGrad };
}

/** Adds a kernel's forward and backward seconds; returns the weight-gradient part. */
function addKernel(kernel: Kernel, context: StageContext, forward: PassTime, backward: PassTime): number {
  const { problem, group, c } = context;
  const gpu = group.gpu;
  switch (kernel.kind) {
    case 'gemm': {
      const { m, n, k, count } = kernel;
      const dtype =
        kernel.wide === true && problem.workload.precision !== 'fp16' ? 'bf16' : problem.workload.precision;
      const cap = group.powerCapWatts;
      // A group of equal GEMMs fills the GPU like one GEMM over all their rows.
      const grouped = count > 1 ? groupedFactor(context) : 1;
      const rows = m * count;
      const once =
        gemmSeconds(gpu, dtype, { m: rows, n, k }, c, cap) * grouped + weightTraffic(context, n, k, count);
      const inputGrad =
        gemmSeconds(gpu, dtype, { m: rows, n: k, k: n }, c, cap) * grouped +
        weightTraffic(context, n, k, count);
      const weightGrad =
        (gemmSeconds(gpu, dtype, { m: n, n: k, k: rows }, c, cap) * grouped) / c.weightGradEfficiency;
      forward.gemm += once;
      backward.gemm += inputGrad + weightGrad;
      return weightGrad;
    }
    case 'attention': {
      const slow = sustained(gpu, group.powerCapWatts, c) / gpu.sustainedSlowdown;
      const once = attentionForward(gpu, problem.stack.attentionKernel, kernel.shape, c) * slow;
      forward.attention += once;
      backward.attention += once * c.attentionBackward;
      return 0;
    }
    case 'batched-gemm': {
      const { measured } = gemmCurve(gpu, problem.workload.precision === 'fp16' ? 'fp16' : 'bf16');
      const align = kernel.aligned ? 1 : c.unalignedBatchedGemm;
      const once = (kernel.flops * align) / (gpu.peakFlops[measured]! * c.unfusedBatchedGemm);
      forward.attention += once;
      backward.attention += 2 * once;
      return 0;
    }
    case 'stream': {
      const scale =
        kernel.use === 'softmax'
          ? c.unfusedSoftmaxBytes / c.streamBytes
          : kernel.use === 'permute'
            ? gpu.streamEfficiency / c.permuteEfficiency / c.streamBytes
            : kernel.use === 'loss'
              ? 1 / c.streamBytes
              : 1;
      forward.memoryBound += streamSeconds(gpu, kernel.forwardBytes * scale, kernel.kernels, c);
      if (kernel.backwardBytes > 0) {
        backward.memoryBound += streamSeconds(gpu, kernel.backwardBytes * scale, kernel.kernels, c);
      }
      return 0;
    }
  }
}

function groupedFactor({ problem, c }: StageContext): number {
  return problem.stack.cudaGraphs === 'full' ? c.groupedGemm : c.groupedGemmFromHost;
}

/** Reading the other experts' weights: the grouped GEMM is priced as one GEMM, which reads one expert's. */
function weightTraffic(context: StageContext, n: number, k: number, count: number): number {
  if (count === 1) return 0;
  const gpu = context.group.gpu;
  return (2 * n * k * (count - 1)) / (gpu.memoryBandwidth * gpu.streamEfficiency);
}
