import type { ModelSpec } from '../domain/model.ts';
import { formatInteger } from '../units/format.ts';

/** What a step of a model is counted in. */
export function unitOf({ unit }: Pick<ModelSpec, 'unit'>): 'tokens' | 'samples' {
  return unit ?? 'tokens';
}

/** `379,993 tokens/s` */
export function rateWords(model: Pick<ModelSpec, 'unit'>, perSecond: number): string {
  return `${formatInteger(perSecond)} ${unitOf(model)}/s`;
}

/** The same in a document: the key says what is counted. */
export function perSecond<V extends number | null>(
  { unit }: Pick<ModelSpec, 'unit'>,
  value: V,
): { readonly tokensPerSecond?: V; readonly samplesPerSecond?: V } {
  return unit === 'samples' ? { samplesPerSecond: value } : { tokensPerSecond: value };
}

/** `sequence 8192, `; nothing where there are no sequences. */
export function sequenceWords({ unit }: Pick<ModelSpec, 'unit'>, sequence: string): string {
  return unit === undefined ? `sequence ${sequence}, ` : '';
}

/** Head of a column of prices. */
export function millionWords(model: Pick<ModelSpec, 'unit'>): string {
  return unitOf(model) === 'tokens' ? '$/Mtok' : '$/Msample';
}
