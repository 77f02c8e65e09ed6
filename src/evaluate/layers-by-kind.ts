import type { ModelSpec } from '../domain/model.ts';
import { rememberedOf } from '../units/remembered.ts';

const counted = new WeakMap<ModelSpec, readonly number[]>();

/** Layers of each kind. */
export function layersByKind(model: ModelSpec): readonly number[] {
  return rememberedOf(counted, model, () => {
    const counts = new Array<number>(model.kinds.length).fill(0);
    for (const kind of model.layers) counts[kind]! += 1;
    return counts;
  });
}
