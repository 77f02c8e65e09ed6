import { residualTokens } from '../local-shape.ts';
import type { LayerContext } from '../operator.ts';
import type { Activation } from './dense.ts';

/** Experts, of which each token goes to topK, and shared ones that every token goes through. */
export interface MoeMlp {
  readonly kind: 'moe';
  readonly experts: number;
  readonly topK: number;
  readonly expertFfnHiddenSize: number;
  /** Width of all shared experts together, 0 without. */
  readonly sharedFfnHiddenSize: number;
  readonly gated: boolean;
  readonly expertBias: boolean;
  readonly routerBias: boolean;
  /** The score-correction bias buffer of auxiliary-loss-free balancing (DeepSeek-V3), counted as Hugging Face does. */
  readonly correctionBias: boolean;
  /** A sigmoid gate on the shared expert (qwen2_moe). */
  readonly sharedGate: boolean;
  /** Tokens are projected down to so many elements before they are sent to experts, and up again after (nemotron_h); left out: they are not. */
  readonly latentSize?: number;
  /** So many experts more that give back what they are given: the router scores them, a token that goes there is not sent (longcat_flash). */
  readonly idleExperts?: number;
  /** Norms before and after the experts and after the shared one, scales in the router (gemma4). */
  readonly branchNorms?: boolean;
  /** Left out: SiLU where gated, else GELU. */
  readonly activation?: Activation;
}

/** Experts with weights that a token goes to, in the mean of a balanced router. */
export function busyOf({ topK, experts, idleExperts = 0 }: MoeMlp): number {
  return (topK * experts) / (experts + idleExperts);
}

/** Whether shapes follow the routing, so that the host waits for counts and graphs of a layer's parts leave experts out. */
export function countsFromRouting({ stack }: LayerContext): boolean {
  return stack.routing !== 'token-drop';
}

/**
 * Tokens after dispatch on one GPU, balanced: (tokens/S)·topK·etp. The busiest expert rank has `imbalance` times that.
 */
export function expertSizes(spec: MoeMlp, { model, local, stack, c }: LayerContext) {
  const rows = residualTokens(local);
  const routed = rows * busyOf(spec);
  const etp = local.expertTensorParallel;
  const imbalance = local.expertImbalance ?? (stack.routing === 'natural' ? c.expertImbalance : 1);
  return {
    rows,
    routed,
    /** Elements of a token as experts have it. */
    hidden: spec.latentSize ?? model.hiddenSize,
    tokens: routed * etp,
    /** Tokens that stay where they are make no rank busier than others. */
    imbalance: local.gathersExperts ? Math.min(1, imbalance) : imbalance,
    /** Of what is exchanged: a rank that is stated to have more tokens is sent more. */
    received: local.expertImbalance ?? 1,
    width: spec.expertFfnHiddenSize / etp,
    up: spec.gated ? 2 : 1,
    /** That its tokens go through. */
    localExperts: local.gathersExperts ? spec.experts : spec.experts / local.expertParallel,
  };
}
