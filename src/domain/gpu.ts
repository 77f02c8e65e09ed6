import type { Dtype } from './dtype.ts';
import type { Provenance } from './provenance.ts';

export const VENDORS = ['nvidia', 'amd', 'intel', 'google'] as const;

/** Formats that a data sheet states a peak for: `fp8-rowwise` computes at the peak of `fp8`. */
export const PEAK_DTYPES = [
  'fp32',
  'tf32',
  'fp16',
  'bf16',
  'fp8',
  'mxfp8',
  'nvfp4',
] as const satisfies Dtype[];

/** Formats with a fitted curve of their own, widest first: the widest stands in for those left out. */
export const GEMM_DTYPES = ['bf16', 'fp8', 'nvfp4'] as const satisfies Dtype[];

/** One accelerator as the framework sees it (an MI250X package is two). SI units: FLOP/s, bytes, bytes/s, watts. */
export interface GpuSpec {
  readonly id: string;
  readonly name: string;
  readonly vendor: (typeof VENDORS)[number];
  /** Kernel generation: `volta`, `turing`, `ampere`, `ada`, `hopper`, `blackwell`, `cdna2`, `cdna3`, `cdna4`, `gaudi`. */
  readonly architecture: string;
  readonly multiprocessors: number;
  /** Dense peaks with fp32 accumulation: never sparse, never the fp16-accumulate marketing rate. */
  readonly peakFlops: Readonly<Partial<Record<Dtype, number>>>;
  /** Bytes the driver reports, before the CUDA context. */
  readonly memoryBytes: number;
  readonly memoryBandwidth: number;
  readonly powerWatts: number;
  readonly gemm: Readonly<Partial<Record<Dtype, GemmCurve>>>;
  readonly attention: AttentionCurve;
  /** Fraction of `memoryBandwidth` that streaming kernels reach. */
  readonly streamEfficiency: number;
  /** Time of a long training run over the time of a burst of the same kernels, at the stock power limit. */
  readonly sustainedSlowdown: number;
  /** US dollars per GPU-hour: the middle of list prices seen, null when none was. */
  readonly dollarsPerHour: number | null;
  readonly provenance: Readonly<Record<'peak' | 'memory' | 'gemm' | 'attention' | 'price', Provenance>>;
}

/**
 * Fitted GEMM roofline with a smooth knee (M2 of the GEMM study; error 4-7 % for M ≥ 1024):
 * `t = t0 + (tc⁴ + tm⁴)^¼ + tq`, `tc0 = 2MN(K+K0)/(peak·maxEfficiency)`,
 * `tc = tc0·(1 + throttleDepth·tc0/(tc0 + throttleSeconds))`, `tm = bytes/(memoryBandwidth·memoryEfficiency)`,
 * `tq = quantPasses·3MK/(memoryBandwidth·memoryEfficiency)`.
 */
export interface GemmCurve {
  readonly peakFlops: number;
  readonly maxEfficiency: number;
  readonly fixedSeconds: number;
  readonly kOverhead: number;
  readonly throttleDepth: number;
  readonly throttleSeconds: number;
  readonly memoryEfficiency: number;
  readonly quantPasses: number;
}

/**
 * Fitted fused-attention forward, causal: `t = t0 + (tc³ + tm³)^⅓`, `tc = 2·b·h·s·(s+s0)·d·u/(peak·e_d)`,
 * `u` the wave quantisation over `x = b·h·ceil(s/128)/multiprocessors`.
 */
export interface AttentionCurve {
  readonly peakFlops: number;
  readonly efficiencyHeadDim128: number;
  readonly efficiencyHeadDim64: number;
  readonly startupTokens: number;
  readonly fixedSeconds: number;
  readonly memoryEfficiency: number;
  readonly waveQuantisation: number;
}
