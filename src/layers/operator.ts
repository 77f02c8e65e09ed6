import type { Collective } from '../domain/link.ts';
import type { ModelSpec } from '../domain/model.ts';
import type { Stack } from '../domain/stack.ts';
import type { AttentionShape } from '../hardware/attention.ts';
import type { Coefficients } from '../hardware/coefficients.ts';
import type { ScanShape } from '../hardware/scan.ts';
import type { LocalShape } from './local-shape.ts';
import type { RecomputeModule } from './recompute-modules.ts';
import type { Weight } from './weight.ts';

/**
 * One step of a layer on one GPU for one micro-batch: its kernels, its communication, what it keeps for backward, the
 * weights it owns. Time, memory, recomputation, parameters and FLOPs all read this one list, so they cannot disagree about
 * what a layer does.
 */
export interface Operator {
  readonly name: string;
  /** Recompute modules that run this operator's forward again in backward. */
  readonly modules: readonly RecomputeModule[];
  /** How much of it they do, where not all. */
  readonly partly?: Readonly<Partial<Record<RecomputeModule, Again>>>;
  readonly kernels: readonly Kernel[];
  readonly communication: readonly Communication[];
  readonly saved: readonly SavedTensor[];
  /** Bytes alive only while its backward runs. */
  readonly backwardBytes: number;
  /** Kernel-sized units the host launches in forward. */
  readonly hostUnits: number;
  readonly weights: readonly Weight[];
  /** Forward model FLOPs of one token that belong to no weight: attention scores and values, causal. */
  readonly scoreFlops?: number;
  /** What its backward works out; left out: both. Frozen weights have no gradient, and nothing has where nothing before it is trained. */
  readonly gradients?: 'both' | 'input' | 'none';
  /** Its forward, or so much of it, runs again in backward; null: nothing of it. */
  readonly again?: Again | null;
  /** Its shapes follow the routing, so graphs of parts of a layer leave it out; only a whole-iteration graph takes it. */
  readonly dynamic?: boolean;
  /** Logits: what it saves and needs in backward is a part of memory of its own. */
  readonly logits?: boolean;
}

/** Share of an operator's forward that runs again, and whether what it received from other ranks was kept. */
export interface Again {
  readonly share: number;
  readonly received: 'kept' | 'again';
}

export const ALL_AGAIN: Again = { share: 1, received: 'again' };

export type Kernel =
  | {
      readonly kind: 'gemm';
      readonly m: number;
      readonly n: number;
      readonly k: number;
      /** Equal GEMMs launched as one group (experts). */
      readonly count: number;
      /** Always in the 16-bit dtype, whatever the precision (router, LM head). */
      readonly wide?: boolean;
      /** The kernel before it in that pass writes its input, or its output's gradient, in the narrow format. */
      readonly quantised?: 'input' | 'gradient';
    }
  | {
      readonly kind: 'attention';
      readonly shape: AttentionShape;
      /** false: nothing goes back through it. */
      readonly backward?: false;
    }
  | { readonly kind: 'scan'; readonly forward: ScanShape; readonly backward: ScanShape }
  | { readonly kind: 'batched-gemm'; readonly flops: number; readonly aligned: boolean }
  | {
      /** A layer by its figures, each of one sample: see whole/given.ts. */
      readonly kind: 'given';
      readonly samples: number;
      readonly flops: number;
      readonly movedBytes: number;
      readonly launches: number;
      readonly times: Readonly<Record<string, { readonly forward: number; readonly backward: number }>>;
    }
  | {
      readonly kind: 'stream';
      readonly use: 'element-wise' | 'softmax' | 'permute' | 'loss';
      readonly forwardBytes: number;
      readonly backwardBytes: number;
      readonly kernels: number;
    };

export interface Communication {
  readonly group: 'tensor' | 'context' | 'expert' | 'expert-tensor';
  readonly collective: Collective | 'ring-exchange';
  /** nccl-tests size; for a ring exchange what one rank sends in one of its steps. */
  readonly bytes: number;
  readonly pass: 'forward' | 'backward';
  /** Hidden behind this operator's own GEMM even without an overlap switch (sequence-parallel re-gather for wgrad). */
  readonly hidden?: boolean;
  /** Of a context group, only so many ranks side by side; or only every so many-th. */
  readonly neighbours?: number;
  readonly strided?: number;
  /** Experts that each token goes to, for an exchange of tokens. */
  readonly topK?: number;
  /** An exchange first inside fast domains, then among them; left out: each rank with each. */
  readonly levels?: 2;
  /** It is waited for, whatever the stack hides. */
  readonly open?: true;
}

export interface SavedTensor {
  readonly bytes: number;
  /** Recompute modules under which it is not kept. */
  readonly droppedBy: readonly RecomputeModule[];
  /** Not kept: brought back while its layer's backward runs. */
  readonly dropped?: boolean;
  /** Kept in the host's memory, down after forward and up before backward. */
  readonly offloaded?: boolean;
  /** A copy of a weight, which autocast may keep until forward ends even where backward has it anew. */
  readonly cast?: boolean;
  /** Kept for nothing but the weight gradients of linears that read it: the next one, or all up to the next norm. */
  readonly readBy?: 'next' | 'block';
}

/** All that an operator may depend on beside its own layer kind. */
export interface LayerContext {
  readonly model: ModelSpec;
  readonly local: LocalShape;
  readonly stack: Stack;
  readonly c: Coefficients;
}

/** An operator with what it does not say left out. Each field by name: all operators of one shape are read faster. */
export function operator(one: Pick<Operator, 'name'> & Partial<Operator>): Operator {
  return {
    name: one.name,
    modules: one.modules ?? NONE,
    partly: one.partly ?? NOTHING,
    kernels: one.kernels ?? NONE,
    communication: one.communication ?? NONE,
    saved: one.saved ?? NONE,
    backwardBytes: one.backwardBytes ?? 0,
    hostUnits: one.hostUnits ?? 1,
    weights: one.weights ?? NONE,
    scoreFlops: one.scoreFlops ?? 0,
    gradients: one.gradients ?? 'both',
    again: one.again ?? null,
    dynamic: one.dynamic ?? false,
    logits: one.logits ?? false,
  };
}

const NONE: readonly never[] = [];
const NOTHING = {};

export function stream(
  use: 'element-wise' | 'softmax' | 'permute' | 'loss',
  forwardBytes: number,
  backwardBytes: number,
  kernels = 1,
): Kernel {
  return { kind: 'stream', use, forwardBytes, backwardBytes, kernels };
}

export function gemm(
  m: number,
  n: number,
  k: number,
  count = 1,
  quantised: 'input' | 'gradient' | null = null,
): Kernel {
  return { kind: 'gemm', m, n, k, count, ...(quantised === null ? {} : { quantised }) };
}

/** What linears read: kept for the gradients of their weights alone. */
export function input(
  readBy: SavedTensor['readBy'] & string,
  bytes: number,
  ...droppedBy: RecomputeModule[]
): SavedTensor {
  return { bytes, droppedBy, readBy };
}

export function kept(bytes: number, ...droppedBy: RecomputeModule[]): SavedTensor {
  return { bytes, droppedBy };
}
