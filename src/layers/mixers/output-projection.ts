import { rowParallel } from '../linear.ts';
import { kept, type LayerContext, type Operator } from '../operator.ts';
import { bias, matrix } from '../weight.ts';

const PART = 'attention';

/** Attention's output of all heads, `width` together, back to the hidden size. */
export function attentionOutput(
  { width, biased }: { readonly width: number; readonly biased: boolean },
  { model, local }: LayerContext,
): Operator {
  const inputs = width / local.tensorParallel;
  const e = local.elementBytes;
  const narrow = local.linearInputBytes < e ? local.linearInputBytes : 0;
  return rowParallel(
    {
      name: 'out-projection',
      inputs,
      outputs: model.hiddenSize,
      saved: [kept((e + narrow) * local.tokens * inputs)],
      // The fourth product: what is summed over ranks is kept.
      modules: ['op'],
      partly: { op: { share: 1, received: 'kept' } },
      weights: [
        matrix({ part: PART, rows: model.hiddenSize, columns: width, targets: ['o'] }),
        ...bias(biased, PART, model.hiddenSize),
      ],
    },
    local,
  );
}
