import type { Dtype } from './dtype.ts';
import type { Provenance } from './provenance.ts';

export const VENDORS = ['nvidia', 'amd', 'intel', 'google', 'amazon', 'huawei'] as const;

/** For people. */
export const VENDOR_NAMES: Readonly<Record<(typeof VENDORS)[number], string>> = {
  nvidia: 'NVIDIA',
  amd: 'AMD',
  intel: 'Intel',
  google: 'Google',
  amazon: 'AWS',
  huawei: 'Huawei',
};

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

/** Formats with a fitted curve of their own, the first always: it stands in for those left out. */
export const GEMM_DTYPES = ['bf16', 'fp32', 'tf32', 'fp8', 'mxfp8', 'nvfp4'] as const satisfies Dtype[];

/** How a product of a name is built: what sits in a slot, on a board with a switch, or is one of several dies. */
export const GPU_FORMS = ['sxm', 'pcie', 'nvl', 'server', 'workstation', 'package', 'gcd'] as const;
export type GpuForm = (typeof GPU_FORMS)[number];

/** What tools and people call a GPU. */
export interface GpuProduct {
  /** Words that name it in lower case, spaces optional; GPUs of one family share them. */
  readonly names: readonly string[];
  /** Products that the catalogue lacks and this one stands in for. */
  readonly standsInFor: readonly string[];
  /** How names of other silicon begin that contain one of its names. */
  readonly others: readonly string[];
  /** Nominal memory, GB, as names state it. */
  readonly memoryGb: number;
  /** The memory in its name is that of its CPU. */
  readonly namesHostMemory: boolean;
  /** null: it is built in one way only. */
  readonly form: GpuForm | null;
  /** Place among those that share a name, the most usual first. */
  readonly rank: number;
  /** The product of which it is one of several dies, each a device. */
  readonly dieOf: { readonly gpu: string; readonly dies: number } | null;
}

/** What hosts of a GPU are usually built with. */
export interface GpuHost {
  /** Generation of the bus, and whether GPUs reach each other over it. */
  readonly pcie: number;
  readonly peerToPeer: boolean;
  /** What joins the GPUs of a host beside the bus: NVLink, xGMI; null: nothing. */
  readonly scaleUp: ScaleUp | null;
  readonly network: {
    /** A link of hardware-profiles/links. */
    readonly link: string;
    /** Cards: one for each GPU, for each two, or for the node. */
    readonly cardPer: (typeof CARD_PER)[number];
    /** The link of the AWS instances that have it; null: none. */
    readonly efa: string | null;
  };
}

export const CARD_PER = ['gpu', 'pair', 'node'] as const;

interface ScaleUp {
  /** A link of hardware-profiles/links that has all ports of a GPU. */
  readonly link: string;
  /** Boards are sold joined; otherwise cards want bridges. */
  readonly usual: boolean;
  /** NVLinks of one GPU, bytes/s one way of one, and the NV# that a pair can show: all behind a switch, or a bridge's. */
  readonly ports: { readonly count: number; readonly rate: number; readonly shown: readonly number[] } | null;
  /** Several hosts are one domain. */
  readonly beyondHost: boolean;
  /** GPUs of a whole such domain; null: not one size. */
  readonly domainGpus: number | null;
}

/** What software finds on a GPU. */
interface GpuKernels {
  /** Newest generation of FlashAttention written for it: kernels of older ones lag behind. */
  readonly flash: 2 | 3;
  /** Where the attention kernels of training come from. */
  readonly training: (typeof TRAINING_ATTENTION)[number];
  /** Communication overlaps compute in order only with CUDA_DEVICE_MAX_CONNECTIONS=1 (Megatron-LM). */
  readonly oneConnection: boolean;
}

/** `own`: the curve is that of the training kernels themselves. */
export const TRAINING_ATTENTION = ['flash', 'cudnn', 'own'] as const;

/** One accelerator as the framework sees it (an MI250X package is two). SI units: FLOP/s, bytes, bytes/s, watts. */
export interface GpuSpec {
  readonly id: string;
  readonly name: string;
  readonly vendor: (typeof VENDORS)[number];
  /** Kernel generation: `volta`, `turing`, `ampere`, `ada`, `hopper`, `blackwell`, `cdna2`, `cdna3`, `cdna4`, `gaudi`, `tpu`, `ascend`, … */
  readonly architecture: string;
  readonly product: GpuProduct;
  readonly host: GpuHost;
  readonly kernels: GpuKernels;
  readonly multiprocessors: number;
  /** Dense peaks with fp32 accumulation: never sparse, never the fp16-accumulate marketing rate. Every curve is a share of them. */
  readonly peakFlops: Readonly<Partial<Record<Dtype, number>>>;
  /** Dense peak of fp16 that sums up in fp16, where it is above that of fp32 sums (GeForce); left out: no higher. */
  readonly halfSumsFlops?: number;
  /** Bytes the driver reports, before the CUDA context. */
  readonly memoryBytes: number;
  /** What driver, collectives and libraries hold of it beyond what a stack's context and communicators are on other GPUs. */
  readonly runtimeBytes: number;
  readonly memoryBandwidth: number;
  readonly powerWatts: number;
  readonly gemm: Readonly<Partial<Record<Dtype, GemmCurve>>>;
  readonly attention: AttentionCurve;
  /** Fraction of `memoryBandwidth` that streaming kernels reach. */
  readonly streamEfficiency: number;
  /** Time of a long training run over the time of a burst of the same kernels, at the stock power limit. */
  readonly sustainedSlowdown: number;
  /** GPUs whose runs fit that figure together; null: it is an expectation. */
  readonly sustainedFit: string | null;
  /** US dollars per GPU-hour: the middle of list prices seen, null when none was. */
  readonly dollarsPerHour: number | null;
  /** The GPU whose curves these are, at this one's own peaks and bandwidth; null: its own. */
  readonly curvesOf: string | null;
  /** Published runs of mixtures of experts on it were scored (`npm run accuracy`). */
  readonly expertRuns: boolean;
  readonly provenance: Readonly<
    Record<'peak' | 'memory' | 'gemm' | 'attention' | 'price' | 'host', Provenance>
  >;
}

/**
 * Fitted GEMM roofline with a smooth knee (M2 of the GEMM study; error 4-7 % for M ≥ 1024):
 * `t = t0 + (tc⁴ + tm⁴)^¼ + tq`, `tc0 = 2MN(K+K0)/(peak·maxEfficiency)`,
 * `tc = tc0·(1 + throttleDepth·tc0/(tc0 + throttleSeconds))`, `tm = bytes/(memoryBandwidth·memoryEfficiency)`,
 * `tq = quantPasses·3MK/(memoryBandwidth·memoryEfficiency)`.
 */
export interface GemmCurve {
  readonly maxEfficiency: number;
  readonly fixedSeconds: number;
  readonly kOverhead: number;
  readonly throttleDepth: number;
  readonly throttleSeconds: number;
  readonly memoryEfficiency: number;
  readonly quantPasses: number;
  /** Time of the products of grouped GEMMs over dense ones of as many rows; null: the same. */
  readonly grouped: number | null;
}

/**
 * Fitted fused-attention forward, causal: `t = t0 + (tc³ + tm³)^⅓`, `tc = 2·b·h·s·(s+s0)·d·u/(peak·e_d)`,
 * `u` the wave quantisation over `x = b·h·ceil(s/128)/multiprocessors`.
 */
export interface AttentionCurve {
  readonly efficiencyHeadDim128: number;
  readonly efficiencyHeadDim64: number;
  readonly startupTokens: number;
  readonly fixedSeconds: number;
  readonly memoryEfficiency: number;
  readonly waveQuantisation: number;
  /** Backward time over forward; null: what is usual (attentionBackward). */
  readonly backward: number | null;
  /** The same where queries and keys are wider than values (MLA), for which kernels may be poorer; null: no other. */
  readonly backwardUnequal: number | null;
}
