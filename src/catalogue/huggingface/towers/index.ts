import type { ModelSpec, Tower } from '../../../domain/model.ts';
import { PROJECTOR } from '../../../layers/towers.ts';
import { isMapping } from '../../document.ts';
import { Fields } from '../fields.ts';
import { clip } from './clip.ts';
import type { Encoder } from './encoder.ts';
import { gemma4Vision } from './gemma4.ts';
import { glm4v } from './glm4v.ts';
import { internvl } from './internvl.ts';
import { llama4Vision } from './llama4.ts';
import { moonVit } from './moonvit.ts';
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
  gemma4Vision,
  moonVit,
];

const KEYS = { vision: 'vision_config', audio: 'audio_config' } as const;

/** The tower where its config leaves the type out (transformers 5.18.0: the default of each class). */
const USUAL: Readonly<Record<string, string>> = {
  llava: 'clip_vision_model',
  llava_next: 'clip_vision_model',
  llava_onevision: 'siglip_vision_model',
  paligemma: 'siglip_vision_model',
  gemma3: 'siglip_vision_model',
  shieldgemma2: 'siglip_vision_model',
  vipllava: 'clip_vision_model',
  llava_next_video: 'clip_vision_model',
  aria: 'idefics3_vision',
  gemma4: 'gemma4_vision',
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
  const encoder = ENCODERS.find(({ types }) => types.includes(vision?.kind ?? ''));
  if (vision === undefined || encoder?.merges === true) return towers;
  return [...towers, { name: PROJECTOR, kind: type, weights: joinOf(config, type, encoder, decoder, file) }];
}

/** null: not known. */
function joinOf(
  config: Readonly<Record<string, unknown>>,
  type: string,
  encoder: Encoder | undefined,
  { hiddenSize }: ModelSpec,
  file: string,
): Tower['weights'] {
  const projector = PROJECTORS[type];
  const own = config.vision_config;
  if (encoder === undefined || projector === undefined || !isMapping(own)) return null;
  const tower = new Fields(own, file).usual(encoder.sizes).count('hidden_size');
  const beside = projector(new Fields(config, file), { tower, decoder: hiddenSize });
  return { layers: 0, perLayer: 0, beside };
}
