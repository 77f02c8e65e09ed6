import { keptWide } from './kept-wide.ts';
import { residualTokens } from './local-shape.ts';
import { norm } from './norm.ts';
import { gemm, type LayerContext, type Operator, operator } from './operator.ts';
import { headOperators } from './output.ts';
import { trainedOperators } from './training/trained-operators.ts';
import { matrix } from './weight.ts';

const PART = 'multiTokenPrediction';

/**
 * What a module that predicts a further token has beside a layer of the model's last kind: norms of the hidden state and of
 * the next token's embedding, a projection of both to one, a norm, and the head again; embedding and head are the model's
 * own (DeepSeek-V3, arXiv 2412.19437, section 2.2).
 */
export function predictionOperators(context: LayerContext): Operator[] {
  const { model, local } = context;
  if (model.vocabSize === 0) return [];
  const h = model.hiddenSize;
  const operators = [
    norm('hidden-norm', context, [], { part: PART }),
    norm('embedding-norm', context, [], { part: PART }),
    operator({
      name: 'eh-projection',
      kernels: [gemm(residualTokens(local), h, 2 * h)],
      hostUnits: 2,
      weights: [matrix({ part: PART, rows: 2 * h, columns: h })],
    }),
    norm('prediction-norm', context, [], { part: PART }),
    ...headOperators(context, false),
  ];
  const last = model.kinds[model.predictionKind ?? model.layers.at(-1) ?? 0];
  return trainedOperators(keptWide(operators, last?.wide), last?.training ?? null, context);
}
