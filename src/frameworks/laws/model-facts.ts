import type { ModelSpec } from '../../domain/model.ts';
import { dense } from '../../layers/ffn/dense.ts';
import { moe } from '../../layers/ffn/moe.ts';
import { latent } from '../../layers/mixers/latent.ts';
import { softmax } from '../../layers/mixers/softmax.ts';
import type { ModelFacts } from '../port/reader.ts';

/** Sizes of a model, each with all values that layers of it have; none: it has nothing of that kind. */
export function sizesOf(model: ModelSpec): {
  readonly [K in keyof ModelFacts]-?: readonly NonNullable<ModelFacts[K]>[];
} {
  const mixers = model.kinds.map(({ mixer }) => mixer);
  const parts = model.kinds.map(({ ffn }) => ffn);
  const attention = mixers.filter(softmax.is);
  const [mlps, experts] = [parts.filter(dense.is), parts.filter(moe.is)];
  return {
    heads: once([...attention, ...mixers.filter(latent.is)].map(({ heads }) => heads)),
    queryGroups: once(attention.map(({ kvHeads }) => kvHeads)),
    headDim: once(attention.map(({ headDim }) => headDim)),
    ffnHiddenSize: once(mlps.map(({ ffnHiddenSize }) => ffnHiddenSize)),
    experts: experts.length === 0 ? [0] : once(experts.map((one) => one.experts)),
    expertsPerToken: once(experts.map(({ topK }) => topK)),
    expertFfnHiddenSize: once(experts.map(({ expertFfnHiddenSize }) => expertFfnHiddenSize)),
    vocabulary: [model.vocabSize],
    gated: once([...mlps, ...experts].map(({ gated }) => gated)),
    tiedEmbeddings: [model.tiedEmbeddings],
  };
}

const once = <T>(all: readonly T[]): T[] => [...new Set(all)];
