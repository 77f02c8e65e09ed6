import {
  type Communication,
  input,
  type Kernel,
  type LayerContext,
  type Operator,
  operator,
  stream,
} from '../operator.ts';
import { busyOf, countsFromRouting, expertSizes, type MoeMlp } from './expert-sizes.ts';

/** Tokens permuted by expert and sent to the ranks that have theirs. */
export function dispatch(spec: MoeMlp, context: LayerContext): Operator {
  const { local, stack, c } = context;
  const { routed, tokens, imbalance, hidden: h } = expertSizes(spec, context);
  const moved = 2 * local.elementBytes * routed * h;
  return operator({
    name: 'dispatch',
    modules: ['moe'],
    kernels: [stream('permute', moved, moved, 2), ...sorted(spec, context), ...aligned(spec, context)],
    communication: exchange(spec, context),
    saved: [input('next', local.linearInputBytes * tokens * h * imbalance, 'moe')],
    // HybridEP permutes inside its own kernels and needs no counts on the host; those of a capacity are known.
    hostUnits:
      stack.moeDispatcher === 'hybridep' || !countsFromRouting(context)
        ? c.hostUnitsHybridDispatch
        : c.hostUnitsDispatch,
    dynamic: countsFromRouting(context),
  });
}

/** Tokens brought back and summed by the router's weights. */
export function combine(spec: MoeMlp, context: LayerContext): Operator {
  const { local } = context;
  const { rows, routed, hidden } = expertSizes(spec, context);
  const e = local.elementBytes;
  return operator({
    name: 'combine',
    modules: ['moe'],
    kernels: [
      stream('permute', e * (routed + rows) * hidden, 2 * e * routed * hidden, 2),
      ...sorted(spec, context),
      ...aligned(spec, context),
    ],
    communication: exchange(spec, context),
    hostUnits: 4,
    dynamic: countsFromRouting(context),
  });
}

/**
 * All-to-all brings tokens rank by rank, which are copied expert by expert before the GEMMs and back after them
 * (sort_chunks_by_idxs, megatron/core/transformer/moe/token_dispatcher.py@d98e8a6); DeepEP's and HybridEP's are permuted once.
 */
function sorted(spec: MoeMlp, context: LayerContext): Kernel[] {
  const { local, model, stack } = context;
  const { tokens, localExperts } = expertSizes(spec, context);
  if (stack.moeDispatcher !== 'alltoall' || local.expertParallel === 1 || localExperts === 1) return [];
  if (local.gathersExperts) return [];
  const moved = 2 * local.elementBytes * tokens * model.hiddenSize;
  return [stream('permute', moved, moved)];
}

/**
 * In two levels chunks for one GPU of a domain are copied side by side before they are sent there, and those for one domain before they
 * leave for it: what is sent is read and written twice (Tutel, arXiv 2206.03382, phases 1 and 3 of figure 17).
 */
function aligned(spec: MoeMlp, context: LayerContext): Kernel[] {
  const { local } = context;
  const stays = local.expertParallel === 1 || local.gathersExperts;
  if (local.expertExchange !== '2dh' || stays) return [];
  const { routed, received, hidden } = expertSizes(spec, context);
  const moved = 4 * local.elementBytes * routed * received * hidden;
  return [stream('permute', moved, moved, 2)];
}

/**
 * One all-to-all each way and pass. DeepEP-style dispatchers send a token once to each fast domain that needs it;
 * the span decides what leaves a domain, so the saving is applied where the domains are known.
 */
function exchange(spec: MoeMlp, context: LayerContext): Communication[] {
  const { local, stack } = context;
  const { routed: even, received, hidden: h } = expertSizes(spec, context);
  const routed = even * received;
  const { expertParallel: ep, expertTensorParallel: etp, elementBytes: e } = local;
  const all: Communication[] = [];
  if (ep > 1 && !local.gathersExperts) {
    if (stack.moeDispatcher === 'allgather') {
      const bytes = (e * routed * h * ep) / busyOf(spec);
      all.push({ group: 'expert', collective: 'allGather', bytes, pass: 'forward' });
      all.push({ group: 'expert', collective: 'reduceScatter', bytes, pass: 'backward' });
    } else {
      const bytes = e * routed * h;
      const { topK } = spec;
      const levels = local.expertExchange === '2dh' ? ({ levels: 2 } as const) : {};
      all.push({ group: 'expert', collective: 'allToAll', bytes, pass: 'forward', topK, ...levels });
      all.push({ group: 'expert', collective: 'allToAll', bytes, pass: 'backward', topK, ...levels });
    }
  }
  if (etp > 1) {
    const bytes = e * routed * etp * h;
    all.push({ group: 'expert-tensor', collective: 'allGather', bytes, pass: 'forward' });
    all.push({ group: 'expert-tensor', collective: 'reduceScatter', bytes, pass: 'backward' });
  }
  return all;
}
