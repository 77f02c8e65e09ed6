import type { Kernel } from '../operator.ts';

/** HBM bytes and FLOPs of one token on one GPU, by pass, and how many kernels take them. */
export interface ScanWork {
  readonly forward: { readonly bytes: number; readonly flops: number };
  readonly backward: { readonly bytes: number; readonly flops: number };
  readonly kernels: number;
  /** See ScanShape. */
  readonly loose?: boolean;
}

/** Of so many tokens. */
export function scanKernel({ forward, backward, kernels, loose }: ScanWork, tokens: number): Kernel {
  const times = (one: ScanWork['forward']) => ({
    bytes: tokens * one.bytes,
    flops: tokens * one.flops,
    kernels,
    ...(loose === undefined ? {} : { loose }),
  });
  return { kind: 'scan', forward: times(forward), backward: times(backward) };
}

/**
 * A depthwise convolution with its activation: reads and writes each element; backward reads both and writes the gradient, works out the
 * output again for it, and where `again` the forward pass has run once more before.
 */
export function convolutionKernel(channels: number, { tokens, elementBytes: e }: Of, again: boolean): Kernel {
  const convolved = tokens * channels;
  const backward = again ? 3 : 2;
  return {
    kind: 'scan',
    forward: { bytes: 2 * e * convolved, flops: 0, kernels: 1, convolved },
    backward: {
      bytes: 2 * e * backward * convolved,
      flops: 0,
      kernels: backward - 1,
      convolved: backward * convolved,
    },
  };
}

interface Of {
  readonly tokens: number;
  readonly elementBytes: number;
}

interface StateSpace {
  readonly width: number;
  readonly groups: number;
  readonly stateSize: number;
  readonly chunk: number;
  readonly elementBytes: number;
}

/**
 * Mamba-2 in chunks (arXiv 2405.21060, section 6), kernel after kernel of mamba_ssm/ops/triton/ssd_combined.py@e9594ce. A state is width·N for
 * each chunk, in fp32 as it is made and in 16 bits as it is read. Forward: states of chunks from x and B; one pass along them; C·Bᵀ of each group in
 * fp32; the output from x, C·Bᵀ, C, states and the gate, with and without it. Backward has the first three again, then gradients of the gate (six
 * tensors), of states, of them along the chunks (states come along in 16 bits), of x, B, C and C·Bᵀ, and of the decays. Products: of each channel
 * N with a state, and with its chunk, of which tiles above the diagonal are left out (about a quarter).
 */
export function stateSpaceWork({ width, groups, stateSize, chunk, elementBytes: e }: StateSpace): ScanWork {
  const channel = e * width;
  const state = (4 * width * stateSize) / chunk;
  const keys = e * groups * stateSize;
  const scores = 4 * groups * chunk;
  const withState = 2 * width * stateSize;
  const within = 1.5 * width * chunk;
  const ofGroups = 2 * groups * chunk * stateSize;
  return {
    forward: {
      bytes: 5 * channel + 3 * state + 4 * keys + 2 * scores,
      flops: 2 * withState + within + ofGroups,
    },
    backward: {
      bytes: 17 * channel + 8.5 * state + 12 * keys + 6 * scores,
      flops: 5 * withState + 3 * within + 3 * ofGroups,
    },
    kernels: 5,
    loose: true,
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
