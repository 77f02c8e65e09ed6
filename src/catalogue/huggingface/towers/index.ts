import type { ModelSpec, Tower } from '../../../domain/model.ts';
import { PROJECTOR } from '../../../layers/towers.ts';
import { isMapping } from '../../document.ts';
import { Fields } from '../fields.ts';
import { clip } from './clip.ts';
import type { Encoder } from './encoder.ts';
import { glm4v } from './glm4v.ts';
import { internvl } from './internvl.ts';
import { llama4Vision } from './llama4.ts';
import { pixtral } from './pixtral.ts';
import { PROJECTORS } from './projectors.ts';
import { qwen2Vl, qwen3Vl, qwen25Vl } from './qwen-vl.ts';
import { idefics, siglip, siglip2 } from './siglip.ts';

/** Kinds of tower that are counted, each in a line. */
const ENCODERS: readonly Encoder[] = [
  clip,
  siglip,
  siglip2,
  idefics,
  internvl,
  llama4Vision,
  pixtral,
  qwen2Vl,
  qwen25Vl,
  qwen3Vl,
  glm4v,
];

const KEYS = { vision: 'vision_config', audio: 'audio_config' } as const;

/** The tower where its config leaves the type out (transformers 5.18.0: the default of each class). */
const USUAL: Readonly<Record<string, string>> = {
  llava: 'clip_vision_model',
  llava_next: 'clip_vision_model',
  llava_onevision: 'siglip_vision_model',
  paligemma: 'siglip_vision_model',
  gemma3: 'siglip_vision_model',
  cohere2_vision: 'siglip_vision_model',
  aya_vision: 'siglip_vision_model',
  mistral3: 'pixtral',
  internvl: 'internvl_vision',
  llama4: 'llama4_vision_model',
  lfm2_vl: 'siglip2_vision_model',
};

/** What stands before the decoder of a multimodal model, and what joins it, counted where their kinds are known. */
export function towersOf(
  config: Readonly<Record<string, unknown>>,
  decoder: ModelSpec,
  file: string,
): Tower[] {
  const type = String(config.model_type ?? '');
  const towers = Object.entries(KEYS).flatMap(([name, key]): Tower[] => {
    const own = config[key];
    if (!isMapping(own)) return [];
    const kind = String(own.model_type ?? USUAL[type] ?? (type === '' ? 'of no kind' : type));
    const encoder = ENCODERS.find(({ types }) => types.includes(kind));
    if (encoder === undefined) return [{ name, kind, weights: null }];
    return [
      { name, kind, ...encoder.count(new Fields({ ...own, model_type: kind }, file).usual(encoder.sizes)) },
    ];
  });
  const vision = towers.find(({ name }) => name === 'vision');
  const projector = PROJECTORS[type];
  if (vision === undefined || projector === undefined) return towers;
  const width = widthOf(config, vision.kind, file);
  if (width === null) return towers;
  const joined = { tower: width, decoder: decoder.hiddenSize };
  const beside = projector(new Fields(config, file), joined);
  return [...towers, { name: PROJECTOR, kind: type, weights: { layers: 0, perLayer: 0, beside } }];
}

/** Of what the tower puts out; null: its kind is not known. */
function widthOf(config: Readonly<Record<string, unknown>>, kind: string, file: string): number | null {
  const encoder = ENCODERS.find(({ types }) => types.includes(kind));
  const own = config.vision_config;
  if (encoder === undefined || !isMapping(own)) return null;
  return new Fields(own, file).usual(encoder.sizes).count('hidden_size');
}
