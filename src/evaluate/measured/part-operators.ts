import type { ProfilePart } from '../../domain/layer-profile.ts';
import type { LayerKind } from '../../domain/model.ts';
import { embeddingOperators } from '../../layers/embedding.ts';
import { layerOperators } from '../../layers/layer.ts';
import type { LayerContext, Operator } from '../../layers/operator.ts';
import { outputOperators } from '../../layers/output.ts';

/** What a profile measures as one. `kind` is that of a layer, null otherwise. */
export function partOperators(part: ProfilePart, kind: LayerKind | null, of: LayerContext): Operator[] {
  switch (part) {
    case 'layer':
      return layerOperators(kind!, of);
    case 'embedding':
      return embeddingOperators(of);
    case 'head':
      return [...headOf(outputOperators(of)).head];
    case 'loss':
      return [...headOf(outputOperators(of)).loss];
  }
}

/** A head with what stands before it: its norm and projection, and its loss, are measured each by itself. */
export function headOf(
  operators: readonly Operator[],
): Readonly<Record<'beside' | 'head' | 'loss', readonly Operator[]>> {
  const loss = operators.findIndex((one) => one.logits === true);
  const projected = loss - 2;
  return {
    beside: operators.slice(0, projected),
    head: operators.slice(projected, loss),
    loss: operators.slice(loss),
  };
}
