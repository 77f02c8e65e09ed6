import { describe, expect, it } from 'vitest';
import { loadGpu } from '../../../src/catalogue/gpus.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { scanSeconds } from '../../../src/hardware/scan.ts';

const c = coefficients();

/** Seconds of a short convolution over so many tokens and channels in 16 bits. */
function convolution(gpu: string, tokens: number, channels: number): number {
  const convolved = tokens * channels;
  return scanSeconds(loadGpu(gpu), { bytes: 4 * convolved, flops: 0, kernels: 1, convolved }, c);
}

// ai-dynamo/aiconfigurator@095f58a, mamba2_perf.parquet of trtllm 1.3.0rc20: causal_conv1d_fn, one sequence, 6,144 and 10,240 channels.
describe('a short convolution takes what was measured', () => {
  it.each([
    ['h100-sxm', 8192, 6144, 0.082e-3],
    ['h100-sxm', 32768, 6144, 0.346e-3],
    ['h100-sxm', 32768, 10240, 0.56e-3],
    ['b200', 8192, 6144, 0.067e-3],
    ['b200', 32768, 10240, 0.373e-3],
    ['b300', 32768, 6144, 0.235e-3],
    ['gb300', 32768, 10240, 0.346e-3],
    ['l40s', 32768, 6144, 1.308e-3],
  ])('%s, %i tokens, %i channels', (gpu, tokens, channels, measured) => {
    expect(Math.abs(convolution(gpu, tokens, channels) / measured - 1)).toBeLessThan(0.2);
  });

  it('which is not at the rate of memory on Blackwell', () => {
    const moved = scanSeconds(loadGpu('b200'), { bytes: 4 * 6144 * 32768, flops: 0, kernels: 1 }, c);
    expect(convolution('b200', 32768, 6144)).toBeGreaterThan(1.4 * moved);
  });
});

describe('products inside chunks', () => {
  const products = (gpu: string) =>
    1e12 / scanSeconds(loadGpu(gpu), { bytes: 0, flops: 1e12, kernels: 0 }, c);

  it('reach 134 TFLOP/s on H800, as published', () => {
    expect(products('h800-sxm') / 134e12).toBeCloseTo(1, 1);
  });

  it('gain from Hopper to Blackwell what multiprocessors issue, not what tensor cores do', () => {
    expect(products('b200') / products('h100-sxm')).toBeCloseTo(80 / 67, 2);
  });
});
