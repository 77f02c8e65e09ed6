import { type Dtype, isFull, type Precision, wideOf } from '../../domain/dtype.ts';
import type { GpuSpec } from '../../domain/gpu.ts';
import { type AttentionFormat, attentionForward, backwardRatio } from '../../hardware/attention.ts';
import { densePeak, type GemmShape, gemmCurve, gemmSeconds, supports } from '../../hardware/gemm.ts';
import { sustained } from '../../hardware/power.ts';
import { scanSeconds } from '../../hardware/scan.ts';
import { streamSeconds } from '../../hardware/stream.ts';
import type { Kernel, Operator } from '../../layers/operator.ts';
import { communicationExposure } from '../../techniques/overlap.ts';
import type { StageContext } from '../../techniques/technique.ts';
import { tensorHidden } from '../../techniques/tensor-overlap.ts';
import { noTime, type PassTime } from './pass-time.ts';

export interface OperatorTime {
  readonly forward: PassTime;
  readonly backward: PassTime;
  /** The part of backward that only computes weight gradients. */
  readonly weightGrad: number;
}

/**
 * Device seconds of one operator, communication included; host time is judged per layer. A product Y = X·W (m × k by k × n) has two of as many
 * FLOPs in backward, dX = dY·Wᵀ and dW = Xᵀ·dY (Narayanan et al. 2021, arXiv 2104.04473, appendix). Rates: src/hardware/coefficients.ts.
 */
export function operatorTime(operator: Operator, context: StageContext): OperatorTime {
  const forward = noTime();
  const backward = noTime();
  const { gradients = 'both' } = operator;
  let weightGrad = 0;
  for (const kernel of operator.kernels)
    weightGrad += addKernel(kernel, gradients, context, forward, backward);
  const { kernelTimes } = context.group;
  if (kernelTimes !== undefined) {
    for (const pass of [forward, backward]) scaleKernels(pass, kernelTimes);
    weightGrad *= kernelTimes;
  }
  for (const one of operator.communication) {
    const pass = one.pass === 'forward' ? forward : backward;
    const { exposed, hidden } = communicationExposure(
      one,
      context.groups,
      context.problem.stack,
      tensorHidden(context),
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

function scaleKernels(pass: PassTime, times: number): void {
  pass.gemm *= times;
  pass.attention *= times;
  pass.memoryBound *= times;
}

/** Adds a kernel's forward seconds, and in backward those of the gradients asked for; returns the weight-gradient part. */
function addKernel(
  kernel: Kernel,
  gradients: NonNullable<Operator['gradients']>,
  context: StageContext,
  forward: PassTime,
  backward: PassTime,
): number {
  const { problem, group, c } = context;
  const gpu = group.gpu;
  switch (kernel.kind) {
    case 'gemm': {
      const { m, n, k, count } = kernel;
      const { precision } = problem.workload;
      const dtype = kernel.wide === true ? wideOf(precision) : precision;
      const cap = group.powerCapWatts;
      const grouped = count > 1 ? groupedFactor(context, dtype) : 1;
      const oneByOne = count > 1 && problem.stack.cudaGraphs !== 'full';
      const seconds = (shape: GemmShape) =>
        gemmSeconds(gpu, dtype, { ...shape, count, oneByOne }, c, cap) * grouped;
      const once = seconds({ m, n, k, quantised: kernel.quantised === 'input' });
      forward.gemm += once;
      if (gradients === 'none') return 0;
      const inputGrad = seconds({ m, n: k, k: n, quantised: kernel.quantised === 'gradient' });
      // Activations and gradients were quantised for the other two.
      const weightGrad =
        gradients === 'input' ? 0 : seconds({ m: n, n: k, k: m, quantised: true }) / weightGradRate(dtype, c);
      backward.gemm += inputGrad + weightGrad;
      return weightGrad;
    }
    case 'attention': {
      const slow = sustained(gpu, group.powerCapWatts, c) / gpu.sustainedSlowdown;
      const once =
        attentionForward(gpu, problem.stack.attentionKernel, kernel.shape, c, formatOf(context)) *
        slow *
        inEightBits(context);
      forward.attention += once;
      if (gradients !== 'none' && kernel.backward !== false)
        backward.attention += once * backwardRatio(gpu, kernel.shape, c);
      return 0;
    }
    case 'batched-gemm': {
      const { precision } = problem.workload;
      const { peak } = gemmCurve(gpu, wideOf(precision));
      const align = kernel.aligned || !onTensorCores(gpu, precision) ? 1 : c.unalignedBatchedGemm;
      const once = (kernel.flops * align) / (peak * c.unfusedBatchedGemm);
      forward.attention += once;
      if (gradients !== 'none') backward.attention += 2 * once;
      return 0;
    }
    case 'scan': {
      forward.memoryBound += scanSeconds(gpu, kernel.forward, c);
      if (gradients !== 'none') backward.memoryBound += scanSeconds(gpu, kernel.backward, c);
      return 0;
    }
    case 'given':
      return addGiven(kernel, gradients, context, forward, backward);
    case 'stream': {
      const scale =
        kernel.use === 'softmax'
          ? c.unfusedSoftmaxBytes / c.streamBytes
          : kernel.use === 'permute' || kernel.use === 'loss'
            ? 1 / c.streamBytes
            : 1;
      forward.memoryBound += streamSeconds(gpu, kernel.forwardBytes * scale, kernel.kernels, c);
      if (kernel.backwardBytes > 0 && gradients !== 'none') {
        backward.memoryBound += streamSeconds(gpu, kernel.backwardBytes * scale, kernel.kernels, c);
      }
      return 0;
    }
  }
}

/**
 * A layer by its figures: seconds as measured; else its FLOPs at the rate of large products in the wide format, and its bytes at that of
 * memory. Backward works out gradients of inputs and of weights, each as much as forward.
 */
function addGiven(
  { samples, flops, movedBytes, launches, times }: Extract<Kernel, { readonly kind: 'given' }>,
  gradients: NonNullable<Operator['gradients']>,
  { problem, group, c }: StageContext,
  forward: PassTime,
  backward: PassTime,
): number {
  const { gpu } = group;
  const asked = gradients === 'both' ? 2 : gradients === 'input' ? 1 : 0;
  const measured = times[gpu.id];
  if (measured !== undefined) {
    forward.measured += samples * measured.forward;
    backward.measured += (samples * measured.backward * asked) / 2;
    return gradients === 'both' ? (samples * measured.backward) / 2 : 0;
  }
  const { peak, curve } = gemmCurve(gpu, wideOf(problem.workload.precision));
  const rate = (peak * curve.maxEfficiency) / sustained(gpu, group.powerCapWatts, c);
  const products = (samples * flops) / rate;
  const bytes = (samples * movedBytes) / c.streamBytes;
  const moving = movedBytes === 0 ? 0 : streamSeconds(gpu, bytes, Math.max(1, launches), c);
  forward.gemm += products;
  forward.memoryBound += moving;
  backward.gemm += asked * products;
  backward.memoryBound += asked * moving;
  return gradients === 'both' ? products + moving : 0;
}

/** Adding into sums wider than the operands costs a part of the rate: where all is fp32 there are none. */
function weightGradRate(dtype: Dtype, c: StageContext['c']): number {
  return dtype === 'fp32' ? 1 : c.weightGradEfficiency;
}

/** Only tensor cores want operands aligned: fp32 does without them, and Pascal has none. */
function onTensorCores(gpu: GpuSpec, precision: Precision): boolean {
  const { fp32 } = gpu.peakFlops;
  return precision !== 'fp32' && (fp32 === undefined || densePeak(gpu) > 1.5 * fp32);
}

/** In fp32 or tf32 attention multiplies as fast as its peak has it, elements of four bytes; left out: in 16 bits. */
function formatOf({ problem, group: { gpu } }: StageContext): AttentionFormat | undefined {
  const { precision } = problem.workload;
  return isFull(precision)
    ? { slower: Math.max(1, densePeak(gpu) / gemmCurve(gpu, precision).peak), wider: 2 }
    : undefined;
}

/** Time of attention in fp8 over that of the 16-bit kernels of the fit. */
function inEightBits({ problem, group: { gpu }, c }: StageContext): number {
  const narrow = problem.stack.attentionFormat === 'fp8' && !isFull(problem.workload.precision);
  return narrow && supports(gpu, 'fp8') ? c.fp8Attention : 1;
}

/** What a GPU's own grouped kernels lose beside their starts, where it is known; most lose nothing. */
function groupedFactor({ group }: StageContext, dtype: Dtype): number {
  return gemmCurve(group.gpu, dtype).curve.grouped ?? 1;
}
