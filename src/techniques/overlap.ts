import type { Stack } from '../domain/stack.ts';
import type { Coefficients } from '../hardware/coefficients.ts';
import { collectiveSeconds, pointToPointSeconds, twoLevelAllToAll } from '../hardware/collective.ts';
import type { ProcessGroups } from '../hardware/process-groups.ts';
import type { Span } from '../hardware/span.ts';
import type { Communication } from '../layers/operator.ts';

/** Seconds a communication adds to its pass, and how it splits: what compute hides costs it SM time. */
export interface Exposure {
  readonly exposed: number;
  readonly hidden: number;
}

const NONE: Exposure = { exposed: 0, hidden: 0 };

/** Splits `seconds` of communication given the share that the stack hides and the compute there is to hide it behind. */
export function expose(seconds: number, share: number, computeSeconds: number): Exposure {
  if (seconds <= 0) return NONE;
  const hidden = Math.min(seconds * share, computeSeconds);
  return { exposed: seconds - hidden, hidden };
}

/**
 * Tensor, context and expert parallel communication of one operator beside `compute` seconds of its own kernels. `tensorHidden`: the
 * share of tensor parallelism's that multiplications can hide.
 */
export function communicationExposure(
  one: Communication,
  groups: ProcessGroups,
  stack: Stack,
  tensorHidden: number,
  compute: { readonly gemm: number; readonly attention: number },
  c: Coefficients,
): Exposure {
  switch (one.group) {
    case 'tensor': {
      const seconds = collectiveSeconds(groups.tensor, one.collective as 'allReduce', one.bytes, c);
      if (one.hidden === true) return expose(seconds, 1, compute.gemm);
      return expose(seconds, tensorHidden, compute.gemm);
    }
    case 'expert-tensor': {
      const seconds = collectiveSeconds(groups.expertTensor, one.collective as 'allGather', one.bytes, c);
      return expose(seconds, 0, 0);
    }
    case 'context': {
      // Gathers and all-to-alls stand before the kernel and after it: nothing of the layer's own hides them.
      const span = partOf(groups.context, one);
      if (one.collective !== 'ring-exchange')
        return expose(collectiveSeconds(span, one.collective, one.bytes, c), 0, 0);
      const steps = span.size - 1;
      const seconds = steps * pointToPointSeconds(span, one.bytes, c);
      return expose(seconds, stack.overlap.contextParallel, compute.attention);
    }
    case 'expert': {
      const bytes =
        one.collective === 'allToAll' ? one.bytes * sentOnce(groups.expert, stack, one.topK ?? 1) : one.bytes;
      const seconds =
        one.levels === 2
          ? twoLevelAllToAll(groups.expert, bytes, c)
          : collectiveSeconds(groups.expert, one.collective as 'allToAll', bytes, c);
      const share = one.open === true ? 0 : stack.overlap.expertParallel;
      return expose(seconds, share, Number.POSITIVE_INFINITY);
    }
  }
}

/** The ranks of a group that a communication is among: as many of a domain as of those stand in one. */
function partOf(span: Span, { neighbours, strided }: Communication): Span {
  if (neighbours === undefined && strided === undefined) return span;
  const size = neighbours ?? span.size / strided!;
  const perDomain =
    neighbours === undefined
      ? Math.max(1, Math.floor(span.perDomain / strided!))
      : Math.min(span.perDomain, neighbours);
  const inside = Math.min(size, perDomain);
  return { ...span, size, perDomain: inside, domains: Math.ceil(size / inside) };
}

/**
 * DeepEP and HybridEP send a token once over the network for each domain that needs it, and once inside a domain for each rank,
 * where all-to-all sends it once for each of its K experts. Of K experts chosen among D places the expected number of
 * distinct places is D(1 − (1 − 1/D)^K).
 */
function sentOnce({ domains, size }: Span, { moeDispatcher }: Stack, topK: number): number {
  if (moeDispatcher !== 'deepep' && moeDispatcher !== 'hybridep') return 1;
  const places = domains === 1 ? size : domains;
  return (places * (1 - (1 - 1 / places) ** topK)) / topK;
}
