import { InputError } from '../domain/input-error.ts';
import type { ModelSpec } from '../domain/model.ts';
import type { Settings } from './settings.ts';

const USUAL = 1;

/** The model with what its towers see, from --images: one image a sequence where nothing is said. Throws InputError. */
export function withImages(model: ModelSpec, { images: text }: Settings, sequenceLength: number): ModelSpec {
  const { towers = [] } = model;
  if (text !== undefined && !towers.some(({ layers }) => layers !== undefined))
    throw new InputError({
      message: `--images is "${text}", but ${model.name} has no tower that is known`,
      expected: 'no --images, or a config.json with a vision_config of CLIP or SigLIP',
    });
  if (towers.length === 0) return model;
  const perSequence = text === undefined ? USUAL : numberOf(text);
  const images = { perSequence, perToken: perSequence / sequenceLength, stated: text !== undefined };
  return {
    ...model,
    towers: towers.map((tower) => (tower.layers === undefined ? tower : { ...tower, images })),
  };
}

/** A mean may be a fraction. */
function numberOf(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text.trim()) && value <= 1e6) return value;
  throw new InputError({
    message: `--images is "${text}"`,
    expected: 'images in a sequence, on average: a number from 0',
  });
}
