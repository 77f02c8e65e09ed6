import type { LatentAttention } from '../domain/model.ts';
import type { Stack } from '../domain/stack.ts';
import { columnParallel, rowParallel } from './linear.ts';
import { gemm, kept, type LocalShape, type Operator, residualTokens, stream } from './operator.ts';
import { contextExchange } from './softmax-attention.ts';

/** Multi-head latent attention: low-rank down projections, norms of the latents, up projections, attention, output. */
export function latentAttention(
  a: LatentAttention,
  hidden: number,
  local: LocalShape,
  stack: Stack,
): Operator[] {
  const t = local.tensorParallel;
  const heads = a.heads / t;
  const e = local.elementBytes;
  const qkDim = a.qkNopeHeadDim + a.qkRopeHeadDim;
  const latent = (a.qLoraRank ?? 0) + a.kvLoraRank;
  const rows = residualTokens(local);
  const down: Operator = {
    name: 'latent-down',
    modules: [],
    kernels: [
      gemm(rows, latent + a.qkRopeHeadDim, hidden),
      stream('element-wise', 2 * e * rows * latent, 4 * e * rows * latent, 2),
    ],
    communication: [],
    saved: [kept(e * rows * (2 * latent + a.qkRopeHeadDim))],
    backwardBytes: 0,
    hostUnits: 6,
  };
  const q = local.tokens * heads * qkDim;
  const k = q;
  const v = local.tokens * heads * a.vHeadDim;
  const up: Operator[] = [
    columnParallel(
      {
        name: 'q-up',
        inputs: a.qLoraRank ?? hidden,
        outputs: heads * qkDim,
        saved: [kept(e * q, 'mla_up_proj')],
        modules: ['mla_up_proj'],
      },
      local,
    ),
    columnParallel(
      {
        name: 'kv-up',
        inputs: a.kvLoraRank,
        outputs: heads * (a.qkNopeHeadDim + a.vHeadDim),
        saved: [kept(e * (k + v), 'mla_up_proj')],
        modules: ['mla_up_proj'],
        backwardBytes: e * (q + k + v),
      },
      local,
    ),
  ];
  const rotary: Operator = {
    name: 'rotary',
    modules: ['mla_up_proj'],
    kernels: [stream('element-wise', 2 * e * (q + k), 2 * e * (q + k), 3)],
    communication: [],
    saved: [],
    backwardBytes: 0,
    hostUnits: 4,
  };
  const core: Operator = {
    name: 'core-attention',
    modules: ['core_attn'],
    kernels: [
      {
        kind: 'attention',
        shape: {
          batch: local.microBatch,
          heads,
          kvHeads: heads,
          sequence: local.sequence,
          contextParallel: local.contextParallel,
          qkHeadDim: qkDim,
          vHeadDim: a.vHeadDim,
          window: null,
          sinks: false,
        },
      },
    ],
    communication: contextExchange(heads * (qkDim + a.vHeadDim), heads * qkDim, local, stack.contextExchange),
    saved: [kept(4 * local.tokens * heads, 'core_attn')],
    backwardBytes: 0,
    hostUnits: 2,
  };
  const out = rowParallel(
    {
      name: 'out-projection',
      inputs: heads * a.vHeadDim,
      outputs: hidden,
      saved: [kept((e + (local.linearInputBytes < e ? local.linearInputBytes : 0)) * v)],
      modules: [],
    },
    local,
  );
  return [down, ...up, rotary, core, out];
}
