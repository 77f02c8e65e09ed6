import { closed, flag, size } from '../../document/shapes.ts';
import { layerModule } from '../layer-module.ts';
import { columnParallel } from '../linear.ts';
import { residualTokens } from '../local-shape.ts';
import { gemm, kept, type LayerContext, type Operator, operator, stream } from '../operator.ts';
import { matrix, vector } from '../weight.ts';
import { type Latents, latentDown, latentLaw, latentOutput, latentRotary, queryUp } from './latent.ts';
import { meanReach } from './reach.ts';

/**
 * DeepSeek sparse attention (DeepSeek-V3.2): an indexer with small heads of its own scores all tokens before each query, and latent attention
 * reads the best `topK` of them.
 */
export interface SparseLatentAttention extends Latents {
  readonly kind: 'sparse-latent';
  readonly qLoraRank: number;
  readonly indexHeads: number;
  readonly indexHeadDim: number;
  readonly topK: number;
  /** It reads what an earlier layer's indexer chose, and has none (glm_moe_dsa's `indexer_types`). */
  readonly sharedChoice?: boolean;
}

const PART = 'attention';
const INDEXER = 'indexer';

/** Latent attention whose keys and values stay latents: heads share one key of all latents, and what projects them up is applied to queries and outputs. */
export const sparseLatent = layerModule<SparseLatentAttention>({
  kind: 'sparse-latent',
  schema: closed(
    {
      kind: { const: 'sparse-latent' },
      heads: size,
      qLoraRank: size,
      kvLoraRank: size,
      qkNopeHeadDim: size,
      qkRopeHeadDim: size,
      vHeadDim: size,
      indexHeads: size,
      indexHeadDim: size,
      topK: size,
    },
    { sharedChoice: flag },
  ),
  complete: (given) => given,
  operators: (a, context) => [
    latentDown(a, context),
    ...(a.sharedChoice === true ? [] : [indexerProjections(a, context), indexer(a, context)]),
    queryUp(a, context),
    latentRotary(a, context),
    absorbed('query-absorption', a, context, [a.qkNopeHeadDim, a.kvLoraRank + a.qkRopeHeadDim]),
    core(a, context),
    absorbed('output-absorption', a, context, [a.vHeadDim, 0]),
    latentOutput(a, context),
  ],
  constraints: (a, split) =>
    split.cp === 1
      ? latentLaw(a, split)
      : {
          rule: 'context-parallel-indexer',
          actual: `sparse attention with an indexer, cp=${split.cp}`,
          limit: 'cp=1: the indexer scores the whole sequence',
        },
  describe: ({ heads, indexHeads, topK, sharedChoice }) =>
    `${heads} latent heads, each query on ${topK} tokens of ${sharedChoice === true ? "an earlier layer's" : `${indexHeads} indexing heads'`} choice`,
  weakly: () =>
    'sparse attention: no kernel times published; priced as attention over a window of as many tokens, its indexer as attention without values; its indexer learns from the chosen tokens alone',
});

/** Queries from the compressed ones, a key and a weight for each head from the hidden state, a layer norm of the key: whole on every rank. */
function indexerProjections(a: SparseLatentAttention, { model, local }: LayerContext): Operator {
  const { indexHeads: n, indexHeadDim: d, qLoraRank } = a;
  const h = model.hiddenSize;
  const rows = residualTokens(local);
  const e = local.elementBytes;
  const whole = { part: INDEXER, split: 'replicated' } as const;
  return operator({
    name: 'indexer-projections',
    kernels: [
      gemm(rows, n * d, qLoraRank),
      gemm(rows, d + n, h),
      stream('element-wise', 4 * e * rows * (n + 1) * d, 6 * e * rows * (n + 1) * d, 3),
    ],
    saved: [kept(e * rows * (n * d + 2 * d + n))],
    hostUnits: 9,
    weights: [
      matrix({ ...whole, rows: qLoraRank, columns: n * d }),
      matrix({ ...whole, rows: h, columns: d }),
      matrix({ ...whole, rows: h, columns: n }),
      vector(INDEXER, 2 * d),
    ],
  });
}

/**
 * Scores of all tokens before each query, in fp32 through memory, and the best of them: their places are kept (int32). Its gradients come
 * from its loss on the chosen ones (Megatron's dsa_indexer_use_sparse_loss), which is no more than their scores again.
 */
function indexer(a: SparseLatentAttention, { local }: LayerContext): Operator {
  const { indexHeads: n, indexHeadDim: d, topK } = a;
  const { tokens, sequence, microBatch, elementBytes: e } = local;
  const before = sequence / 2;
  const chosen = meanReach(sequence, topK);
  return operator({
    name: 'indexer',
    kernels: [
      {
        kind: 'attention',
        shape: {
          ...{ batch: microBatch, heads: n, kvHeads: 1, sequence, contextParallel: 1 },
          ...{ qkHeadDim: d, vHeadDim: 0, window: null, sinks: false },
        },
        backward: false,
      },
      stream('element-wise', 8 * tokens * before, 8 * e * tokens * chosen, 2),
    ],
    saved: [kept(8 * tokens * Math.min(topK, sequence))],
    backwardBytes: 8 * tokens * Math.min(topK, sequence),
    hostUnits: 4,
    // A third of all: forward over what stands before, backward over what is chosen.
    scoreFlops: (2 * before * n * d + 4 * chosen * n * d) / 3,
  });
}

/** Of queries onto latents, or of what attention reads of them onto values: a product a head; `wide`: what it puts out a head, 0 for what is kept elsewhere. */
function absorbed(
  name: string,
  a: SparseLatentAttention,
  { local }: LayerContext,
  [narrow, wide]: readonly [number, number],
): Operator {
  const heads = a.heads / local.tensorParallel;
  const { tokens, elementBytes: e } = local;
  return columnParallel(
    {
      name,
      inputs: narrow,
      outputs: heads * a.kvLoraRank,
      saved: [kept(e * tokens * heads * wide, 'mla_up_proj')],
      modules: ['mla_up_proj'],
      backwardBytes: e * tokens * heads * (narrow + 2 * a.kvLoraRank),
      weights: [matrix({ part: PART, rows: a.kvLoraRank, columns: a.heads * narrow, targets: ['kv_b'] })],
    },
    { ...local, tensorParallel: 1 },
  );
}

function core(a: SparseLatentAttention, { local }: LayerContext): Operator {
  const { heads: all, kvLoraRank: rank, topK } = a;
  const heads = all / local.tensorParallel;
  const { tokens, sequence, elementBytes: e } = local;
  const qkHeadDim = rank + a.qkRopeHeadDim;
  return operator({
    name: 'core-attention',
    modules: ['core_attn'],
    kernels: [
      {
        kind: 'attention',
        shape: {
          ...{ batch: local.microBatch, heads, kvHeads: 1, sequence, contextParallel: 1 },
          ...{ qkHeadDim, vHeadDim: rank, window: topK < sequence ? topK : null, sinks: false },
        },
      },
    ],
    saved: [kept(tokens * heads * (4 + e * rank), 'core_attn')],
    backwardBytes: e * tokens * heads * (qkHeadDim + rank),
    hostUnits: 2,
    scoreFlops: 2 * meanReach(sequence, topK) * all * (qkHeadDim + rank),
  });
}
