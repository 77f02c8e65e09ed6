import type { LayerKind, ModelSpec } from '../domain/model.ts';
import { rememberedOf } from '../units/remembered.ts';
import { moduleOf, partsOf } from './layer.ts';

/** What the layers of a model that is no decoder pass on, bytes of one sample. */
export interface PassedOn {
  /** By layer, in order. */
  readonly bytes: readonly number[];
  /** Of those that have one after them. */
  readonly least: number;
  readonly most: number;
}

const known = new WeakMap<ModelSpec, { readonly passed: PassedOn | null }>();

/** null: the residual stream, the same after every layer. */
export function passedOn(model: ModelSpec): PassedOn | null {
  return rememberedOf(known, model, () => ({ passed: workedOut(model) })).passed;
}

function workedOut({ kinds, layers }: ModelSpec): PassedOn | null {
  const ofKinds = kinds.map(ofKind);
  if (ofKinds.every((bytes) => bytes === null)) return null;
  const bytes = layers.map((kind) => ofKinds[kind] ?? 0);
  const between = layers.length === 1 ? bytes : bytes.slice(0, -1);
  return { bytes, least: Math.min(...between), most: Math.max(...between) };
}

/** What its last part says. */
function ofKind(kind: LayerKind): number | null {
  const last = partsOf(kind).at(-1);
  return last === undefined ? null : (moduleOf(last).outputBytes?.(last) ?? null);
}
