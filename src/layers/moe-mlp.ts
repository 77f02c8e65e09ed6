import type { MoeMlp } from '../domain/model.ts';
import type { Stack } from '../domain/stack.ts';
import type { Coefficients } from '../hardware/coefficients.ts';
import { denseMlp } from './dense-mlp.ts';
import {
  type Communication,
  gemm,
  kept,
  type LocalShape,
  type Operator,
  residualTokens,
  stream,
} from './operator.ts';

/**
 * Router, permutation and dispatch, grouped expert GEMMs, combine; shared experts run as a dense MLP. Tokens after
 * dispatch on one GPU, balanced: (tokens/S)·topK·etp. The busiest expert rank has `imbalance` times that.
 */
export function moeMlp(
  moe: MoeMlp,
  hidden: number,
  local: LocalShape,
  stack: Stack,
  c: Coefficients,
): Operator[] {
  const rows = residualTokens(local);
  const e = local.elementBytes;
  const etp = local.expertTensorParallel;
  const localExperts = moe.experts / local.expertParallel;
  const imbalance = stack.routing === 'natural' ? c.expertImbalance : 1;
  const routed = rows * moe.topK;
  const tokens = routed * etp;
  const width = moe.expertFfnHiddenSize / etp;
  const up = moe.gated ? 2 : 1;
  const unfused = moe.expertBias ? c.unfusedGlu : 1;
  const perExpert = (tokens * imbalance) / localExperts;
  const router: Operator = {
    name: 'router',
    modules: ['moe'],
    kernels: [
      { kind: 'gemm', m: rows, n: moe.experts, k: hidden, count: 1, wide: true },
      stream('element-wise', 24 * rows * moe.experts, 24 * rows * moe.experts, 4),
    ],
    communication: [],
    saved: [kept(9 * moe.experts * rows, 'moe')],
    backwardBytes: 0,
    hostUnits: c.hostUnitsRouter,
  };
  const dispatch: Operator = {
    name: 'dispatch',
    modules: ['moe'],
    kernels: [stream('permute', 2 * e * routed * hidden, 2 * e * routed * hidden, 2)],
    communication: exchange(routed, hidden, local, moe, stack),
    saved: [kept(local.linearInputBytes * tokens * hidden * imbalance, 'moe')],
    backwardBytes: 0,
    // HybridEP permutes inside its own kernels and needs no counts on the host.
    hostUnits:
      stack.moeDispatcher === 'hybridep'
        ? c.hostUnitsHybridDispatch
        : c.hostUnitsDispatch + c.hostUnitsPerExpert * localExperts,
    dynamic: true,
  };
  const experts: Operator[] = [
    {
      name: 'expert-fc1',
      modules: ['moe'],
      kernels: [gemm(perExpert, up * width, hidden, localExperts)],
      communication: [],
      saved: [kept(up * e * tokens * width * imbalance, 'moe')],
      backwardBytes: e * tokens * imbalance * (hidden + (up + 1) * width),
      hostUnits: 2,
      dynamic: true,
    },
    {
      name: 'expert-activation',
      modules: ['moe_act', 'moe'],
      kernels: [
        stream(
          'element-wise',
          (up + 1) * e * tokens * width * unfused,
          (2 * up + 1) * e * tokens * width * unfused,
        ),
      ],
      communication: [],
      saved: [kept(local.linearInputBytes * tokens * width * imbalance, 'moe_act', 'moe')],
      backwardBytes: 0,
      hostUnits: 1,
      dynamic: true,
    },
    {
      name: 'expert-fc2',
      modules: ['moe'],
      kernels: [gemm(perExpert, hidden, width, localExperts)],
      communication: [],
      saved: [],
      backwardBytes: 0,
      hostUnits: 2,
      dynamic: true,
    },
  ];
  const combine: Operator = {
    name: 'combine',
    modules: ['moe'],
    kernels: [stream('permute', (e * routed + e * rows) * hidden, 2 * e * routed * hidden, 2)],
    communication: exchange(routed, hidden, local, moe, stack),
    saved: [],
    backwardBytes: 0,
    hostUnits: 4,
    dynamic: true,
  };
  const shared =
    moe.sharedFfnHiddenSize > 0
      ? denseMlp(moe.sharedFfnHiddenSize, moe.gated, hidden, local, 'shared_experts')
      : [];
  return [router, dispatch, ...experts, combine, ...shared];
}

/**
 * One all-to-all each way and pass. DeepEP-style dispatchers send a token once to each fast domain that needs it;
 * the span decides what leaves a domain, so the saving is applied where the domains are known (techniques).
 */
function exchange(
  routed: number,
  hidden: number,
  local: LocalShape,
  moe: MoeMlp,
  stack: Stack,
): Communication[] {
  const { expertParallel: ep, expertTensorParallel: etp, elementBytes: e } = local;
  const all: Communication[] = [];
  if (ep > 1) {
    if (stack.moeDispatcher === 'allgather') {
      const bytes = (e * routed * hidden * ep) / moe.topK;
      all.push({ group: 'expert', collective: 'allGather', bytes, pass: 'forward' });
      all.push({ group: 'expert', collective: 'reduceScatter', bytes, pass: 'backward' });
    } else {
      const bytes = e * routed * hidden;
      all.push({ group: 'expert', collective: 'allToAll', bytes, pass: 'forward' });
      all.push({ group: 'expert', collective: 'allToAll', bytes, pass: 'backward' });
    }
  }
  if (etp > 1) {
    const bytes = e * routed * etp * hidden;
    all.push({ group: 'expert-tensor', collective: 'allGather', bytes, pass: 'forward' });
    all.push({ group: 'expert-tensor', collective: 'reduceScatter', bytes, pass: 'backward' });
  }
  return all;
}
