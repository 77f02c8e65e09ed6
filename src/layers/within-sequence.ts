import type { LayerKind, LayerPart, ModelSpec } from '../domain/model.ts';
import { moduleOf } from './layer.ts';

/**
 * The model as it is on sequences of at most so many tokens. A window that never binds costs nothing and forbids nothing; kinds
 * of layer that only such windows told apart are one, named as the one that had none.
 */
export function withinSequence(model: ModelSpec, sequence: number): ModelSpec {
  const bound = model.kinds.map((kind) => ({
    ...kind,
    mixer: within(kind.mixer, sequence),
    ffn: within(kind.ffn, sequence),
  }));
  const texts = bound.map(textOf);
  const unchanged = model.kinds.map((kind, i) => textOf(kind) === texts[i]);
  if (unchanged.every(Boolean)) return model;
  const distinct = [...new Set(texts)];
  return {
    ...model,
    kinds: distinct.map(
      (text) => bound.find((_, i) => texts[i] === text && unchanged[i]) ?? bound[texts.indexOf(text)]!,
    ),
    layers: model.layers.map((kind) => distinct.indexOf(texts[kind]!)),
    ...(model.predictionKind === undefined
      ? {}
      : { predictionKind: distinct.indexOf(texts[model.predictionKind]!) }),
  };
}

function textOf({ mixer, ffn, training, wide }: LayerKind): string {
  return JSON.stringify([mixer, ffn, training ?? null, wide ?? null]);
}

function within(part: LayerPart | null, sequence: number): LayerPart | null {
  return part === null ? null : (moduleOf(part).within?.(part, sequence) ?? part);
}
