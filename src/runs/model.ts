import type { LayerKind, LayerPart, ModelSpec } from '../domain/model.ts';
import { denseMlp } from '../layers/ffn/dense.ts';
import { moeMlp } from '../layers/ffn/moe.ts';
import type { LatentAttention } from '../layers/mixers/latent.ts';
import { softmaxAttention } from '../layers/mixers/softmax.ts';
import type { Row } from './row.ts';

/** The model whose sizes a row states. */
export function modelOf({ model: m, sequenceLength }: Row, assumptions: string[]): ModelSpec {
  if (!m.vocab) assumptions.push('vocabulary 51200');
  const gated = m.gatedMlp ?? false;
  const ffn = m.ffnHidden ?? (gated ? Math.round((8 * m.hidden) / 3) : 4 * m.hidden);
  const attention = (window: number | null): LayerPart =>
    m.attention?.kind === 'mla'
      ? latentAttention(m.heads, m.attention)
      : softmaxAttention(m.heads, m.headDim ?? m.hidden / m.heads, {
          kvHeads: m.kvHeads ?? m.heads,
          qkvBias: !gated,
          outBias: !gated,
          sinks: Boolean(m.slidingWindow && m.moe),
          slidingWindow: window,
        });
  const dense = denseMlp(ffn, { gated, bias: !gated });
  const moe = m.moe
    ? moeMlp(m.moe.experts, m.moe.topK, m.moe.expertFfnHidden, {
        sharedFfnHiddenSize: m.moe.sharedFfnHidden ?? (m.moe.sharedExperts ?? 0) * m.moe.expertFfnHidden,
        // gpt-oss is the one published family with both experts and a sliding window: biases and sinks go with it.
        expertBias: Boolean(m.slidingWindow),
      })
    : null;
  const window = m.slidingWindow ?? null;
  const kinds: LayerKind[] = [];
  const layers: number[] = [];
  const kindOf = (name: string, mixer: LayerPart, ffn: LayerPart) => {
    const known = kinds.findIndex((kind) => kind.name === name);
    if (known >= 0) return known;
    kinds.push({ name, mixer, ffn });
    return kinds.length - 1;
  };
  const denseFirst = m.moe
    ? (m.moe.denseFirst ?? Math.max(0, m.layers - (m.moe.moeLayers ?? m.layers)))
    : m.layers;
  for (let layer = 0; layer < m.layers; layer++) {
    const local =
      window !== null && (m.slidingWindowLayers?.includes('every other') !== true || layer % 2 === 0);
    const sparse = moe !== null && layer >= denseFirst;
    const name = `${sparse ? 'moe' : 'dense'}${local ? '-local' : ''}`;
    layers.push(kindOf(name, attention(local ? window : null), sparse ? moe : dense));
  }
  const positions =
    typeof m.learnedPositions === 'number'
      ? m.learnedPositions
      : (m.learnedPositions ?? !gated)
        ? (sequenceLength ?? 0)
        : 0;
  return {
    name: m.name ?? 'model',
    family: 'published-run',
    hiddenSize: m.hidden,
    vocabSize: m.vocab ?? 51200,
    tiedEmbeddings: m.tiedEmbeddings ?? !gated,
    learnedPositions: positions,
    norm: { kind: gated ? 'rms' : 'layer', perLayer: 2 },
    kinds,
    layers,
    mtpLayers: m.mtpLayers ?? 0,
  };
}

/** As DeepSeek-V3 has it, where a row does not say. */
function latentAttention(heads: number, a: NonNullable<Row['model']['attention']>): LatentAttention {
  return {
    kind: 'latent',
    heads,
    qLoraRank: a.qLoraRank ?? null,
    kvLoraRank: a.kvLoraRank ?? 512,
    qkNopeHeadDim: a.qkNopeHeadDim ?? 128,
    qkRopeHeadDim: a.qkRopeHeadDim ?? 64,
    vHeadDim: a.vHeadDim ?? 128,
  };
}
