import type { Kernel } from '../operator.ts';

/** HBM bytes and FLOPs of one token on one GPU, by pass, and how many kernels take them. */
export interface ScanWork {
  readonly forward: { readonly bytes: number; readonly flops: number };
  readonly backward: { readonly bytes: number; readonly flops: number };
  readonly kernels: number;
}

/** Of so many tokens. */
export function scanKernel({ forward, backward, kernels }: ScanWork, tokens: number): Kernel {
  const times = (one: ScanWork['forward']) => ({
    bytes: tokens * one.bytes,
    flops: tokens * one.flops,
    kernels,
  });
  return { kind: 'scan', forward: times(forward), backward: times(backward) };
}

/** A depthwise convolution with its activation: reads and writes each element; backward reads both and writes the gradient. */
export function convolutionBytes(
  channels: number,
  elementBytes: number,
): { forward: number; backward: number } {
  return { forward: 2 * elementBytes * channels, backward: 4 * elementBytes * channels };
}

interface StateSpace {
  readonly width: number;
  readonly groups: number;
  readonly stateSize: number;
  readonly chunk: number;
  readonly elementBytes: number;
}

/**
 * Mamba-2 in chunks (arXiv 2405.21060, section 6; mamba_ssm/ops/triton/ssd_combined.py), kernel after kernel: states of chunks from x and
 * B; one pass along them; C·Bᵀ of each group in fp32; the output from x, C·Bᵀ, C, states and the gate. Backward does all of this
 * again and each once more for either gradient. A state is width·N for each chunk, in fp32. Products: half a chunk of each channel, states
 * in and out, and C·Bᵀ.
 */
export function stateSpaceWork({ width, groups, stateSize, chunk, elementBytes: e }: StateSpace): ScanWork {
  const state = (4 * width * stateSize) / chunk;
  const keys = e * groups * stateSize;
  const scores = 4 * groups * chunk;
  const states = e * width + keys + state;
  const along = 2 * state;
  const products = 2 * keys + scores;
  const output = 3 * e * width + scores + keys + state;
  const bytes = states + along + products + output;
  const flops = width * (chunk + 4 * stateSize) + 2 * groups * chunk * stateSize;
  return {
    forward: { bytes, flops },
    backward: { bytes: 3 * bytes, flops: 3 * flops },
    kernels: 5,
  };
}

interface DeltaRule {
  readonly heads: number;
  readonly keyDim: number;
  readonly valueDim: number;
  readonly elementBytes: number;
}

/** Tokens of a chunk of the delta rule (fla/ops/gated_delta_rule/chunk.py@bc3b101). */
export const DELTA_CHUNK = 64;

/** Backward over forward of what the table below has beside its floor, 3.33 to 0.90 ns a token and head. */
const DELTA_BACKWARD = 3.7;

/**
 * The gated delta rule in chunks (arXiv 2412.06464, section 3.3), kernel after kernel of fla: norms of queries and keys, K·Kᵀ of each
 * chunk, its inverse, w and u from keys and values, states and new values along the chunks, the output. At heads of 128 these are
 * 6,272 B a token and head; fla's table (README@bc3b101, GB200, 8 TB/s) grows by 0.90 ns, 87 % of the rate of memory, over a floor of
 * 0.63 ms that its host takes: products are in that.
 */
export function deltaRuleWork({ heads, keyDim: k, valueDim: v, elementBytes: e }: DeltaRule): ScanWork {
  const state = (k * v) / DELTA_CHUNK;
  const norms = 4 * k;
  const products = k;
  const inverse = 2 * k + 2 * v;
  const along = 2 * k + 2 * v + state;
  const output = 2 * k + 2 * v + state;
  const scores = 14 * DELTA_CHUNK;
  const bytes = heads * (e * (norms + products + inverse + along + output) + scores);
  return {
    forward: { bytes, flops: 0 },
    backward: { bytes: DELTA_BACKWARD * bytes, flops: 0 },
    kernels: 8,
  };
}
