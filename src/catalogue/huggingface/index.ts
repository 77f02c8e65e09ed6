import { InputError } from '../../domain/input-error.ts';
import type { ModelSpec } from '../../domain/model.ts';
import { nearest } from '../../units/nearest.ts';
import { isMapping } from '../document.ts';
import { DENSE } from './dense.ts';
import type { Family } from './family.ts';
import { Fields } from './fields.ts';
import { LEGACY } from './legacy.ts';
import { MOE } from './moe.ts';
import { towersOf } from './towers.ts';

const FAMILIES: readonly Family[] = [...DENSE, ...LEGACY, ...MOE];

const MODEL_TYPES: readonly string[] = FAMILIES.flatMap((family) => family.types).sort();

/** Keys of layers that are not attention and MLP: refused, since they would be silently miscounted. */
const FOREIGN = [
  'ssm_cfg',
  'mamba_d_state',
  'mamba_num_heads',
  'hybrid_override_pattern',
  'linear_num_key_heads',
  'rwkv_head_size',
];

/** Reads a Hugging Face config.json. Throws InputError for an unknown architecture or an odd value. */
export function fromHuggingFace(
  config: Readonly<Record<string, unknown>>,
  name: string,
  file = 'config.json',
): ModelSpec {
  const type = config.model_type;
  const text = config.text_config;
  if (isMapping(text) && !FAMILIES.some((family) => family.types.includes(String(type)))) {
    const innerType = text.model_type ?? (type === 'gemma3' ? 'gemma3_text' : type);
    const decoder = fromHuggingFace(
      { tie_word_embeddings: config.tie_word_embeddings, ...text, model_type: innerType },
      name,
      file,
    );
    return withTowers(decoder, config);
  }
  if (typeof type !== 'string') {
    throw new InputError({
      message: 'missing key "model_type"',
      expected: `one of ${MODEL_TYPES.join(', ')}`,
      hint: "Maybe another file: a model's config.json says model_type, a YAML model says schema.",
      at: { file },
    });
  }
  const family = FAMILIES.find((one) => one.types.includes(type));
  if (family === undefined) {
    const near = nearest(type, MODEL_TYPES);
    throw new InputError({
      message: `unknown architecture "${type}"`,
      expected: `one of ${MODEL_TYPES.join(', ')}`,
      hint:
        near === undefined
          ? 'Maybe describe it as YAML instead: see `shardwright schema model`.'
          : `Maybe "${near}".`,
      at: { file },
    });
  }
  const foreign = FOREIGN.find((key) => config[key] !== undefined && config[key] !== null);
  if (foreign !== undefined) {
    throw new InputError({
      message: `"${foreign}" describes layers that are not modelled`,
      expected: 'attention and MLP layers only',
      at: { file },
    });
  }
  return withTowers(family.read(new Fields(config, file), name), config);
}

function withTowers(model: ModelSpec, config: Readonly<Record<string, unknown>>): ModelSpec {
  const towers = towersOf(config);
  return towers.length === 0 ? model : { ...model, towers };
}
