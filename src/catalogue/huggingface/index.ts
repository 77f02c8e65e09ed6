import { InputError } from '../../domain/input-error.ts';
import type { ModelSpec } from '../../domain/model.ts';
import { slipOf } from '../../units/nearest.ts';
import { isMapping } from '../document.ts';
import { FAMILIES } from './families/index.ts';
import { Fields } from './fields.ts';
import { otherFile } from './other-files.ts';
import { towersOf } from './towers/index.ts';
import { UNMODELLED } from './unmodelled.ts';

type Config = Readonly<Record<string, unknown>>;

/** Each `model_type` that is read. */
export const MODEL_TYPES: readonly string[] = FAMILIES.flatMap((family) => family.types).sort();

/** Keys of layers that are not attention and MLP: refused, since they would be silently miscounted. */
const FOREIGN: Readonly<Record<string, string>> = {
  ssm_cfg: 'Mamba layers',
  mamba_d_state: 'Mamba layers',
  mamba_num_heads: 'Mamba layers',
  hybrid_override_pattern: 'Mamba layers',
  linear_num_key_heads: 'linear attention layers',
  rwkv_head_size: 'linear attention layers',
  index_n_heads: 'sparse attention with an indexer',
};

/** Where a multimodal config has that of its decoder. */
export const DECODERS = ['text_config', 'llm_config', 'language_config', 'thinker_config'] as const;

/** The decoder's type where a multimodal config leaves it out. */
const INNER: Readonly<Record<string, string>> = {
  aria: 'aria_text',
  emu3: 'emu3_text_model',
  gemma3: 'gemma3_text',
  gemma4: 'gemma4_text',
  gemma4_unified: 'gemma4_unified_text',
  llama4: 'llama4_text',
  glm_ocr: 'glm_ocr_text',
  glm_image: 'glm_image_text',
  cosmos3_edge: 'cosmos3_edge_text',
  muse_glimmer: 'muse_glimmer_text',
  step3p7: 'step3p5',
  llava: 'llama',
  llava_next: 'llama',
  llava_onevision: 'qwen2',
  idefics3: 'llama',
  smolvlm: 'llama',
  internvl: 'qwen2',
  cohere2_vision: 'cohere2',
  aya_vision: 'cohere2',
  lfm2_vl: 'lfm2',
  mistral3: 'mistral',
  pixtral: 'mistral',
  paligemma: 'gemma',
  qwen3_5: 'qwen3_5_text',
  qwen3_5_moe: 'qwen3_5_moe_text',
  qwen3_vl: 'qwen3_vl_text',
  qwen3_vl_moe: 'qwen3_vl_moe_text',
  glm4v: 'glm4v_text',
  glm4v_moe: 'glm4v_moe_text',
};

/** Reads a Hugging Face config.json. Throws InputError for an unknown architecture or an odd value. */
export function fromHuggingFace(config: Config, name: string, file = 'config.json'): ModelSpec {
  return read(config, name, file, false);
}

function read(config: Config, name: string, file: string, nested: boolean): ModelSpec {
  const type = typeOf(config);
  const text = DECODERS.map((key) => config[key]).find(isMapping);
  if (text !== undefined) {
    const own = { ...text, tie_word_embeddings: tiedOf(config, text) };
    const inner = typeOf(text) ?? INNER[String(type)] ?? type;
    return withTowers(read({ ...own, model_type: inner }, name, file, true), config, file);
  }
  if (type === undefined) throw untyped(config, file);
  const unmodelled = Object.hasOwn(UNMODELLED, type) ? UNMODELLED[type] : undefined;
  if (unmodelled !== undefined) throw missing(`${toldBy(config)} "${type}" has ${unmodelled}`, file);
  const family = FAMILIES.find((one) => one.types.includes(type));
  if (family === undefined) throw unknown(type, toldBy(config), file);
  const foreign = Object.keys(FOREIGN).find(
    (key) => config[key] !== undefined && config[key] !== null && family.foreign?.includes(key) !== true,
  );
  if (foreign !== undefined) throw missing(`"${foreign}" describes ${FOREIGN[foreign]}`, file);
  const sizes = nested ? family.sizes : {};
  const model = family.read(new Fields({ ...sizes, ...config, model_type: type }, file), name);
  return withTowers({ ...model, modelType: type }, config, file);
}

/** Of both sections: the outer one ties where it says so, and decides alone from transformers 5 on. */
function tiedOf(
  { tie_word_embeddings: outer, transformers_version: version }: Config,
  text: Config,
): unknown {
  const decides = outer === true || /^[5-9]\./.test(String(version));
  return outer !== undefined && decides ? outer : (text.tie_word_embeddings ?? outer);
}

/** What `model_type` says, or else the one that `architectures` means: `Qwen3ForCausalLM` is qwen3. */
function typeOf({ model_type: type, architectures }: Config): string | undefined {
  if (typeof type === 'string') return type;
  if (type !== undefined && type !== null) return undefined;
  const architecture = classOf(architectures);
  if (architecture === undefined) return undefined;
  const plain = (word: string) => word.toLowerCase().replaceAll(/[^a-z0-9.]/g, '');
  const meant = plain(architecture.replace(/(LMHeadModel|For[A-Z]\w+|Model)$/, ''));
  return [...MODEL_TYPES, ...Object.keys(UNMODELLED)].find((one) => plain(one) === meant);
}

function classOf(architectures: unknown): string | undefined {
  const [first] = Array.isArray(architectures) ? architectures : [];
  return typeof first === 'string' ? first : undefined;
}

/** The key that says which family it is. */
function toldBy({ model_type: type }: Config): string {
  return typeof type === 'string' ? 'model_type' : 'architectures';
}

/** Neither of the two keys says a family. */
function untyped(config: Config, file: string): InputError {
  const { model_type: type, architectures } = config;
  const expected = `one of ${MODEL_TYPES.join(', ')}`;
  if (type !== undefined && type !== null)
    return new InputError({ message: `model_type is ${JSON.stringify(type)}`, expected, at: { file } });
  const architecture = classOf(architectures);
  if (architecture !== undefined)
    return new InputError({
      message: `architectures names "${architecture}", which is no class of a family that is read`,
      expected: `model_type, ${expected}`,
      hint: 'Maybe model_type of the family that it is a copy of.',
      at: { file },
    });
  return new InputError({
    message: 'missing key "model_type"',
    expected,
    hint:
      otherFile(config) ??
      "Maybe another file: a model's config.json says model_type, a YAML model says schema.",
    at: { file },
  });
}

function missing(what: string, file: string): InputError {
  return new InputError({
    message: `${what}: not modelled`,
    expected: 'layers of kinds that docs/models.md lists',
    at: { file },
  });
}

/** A type of another number is another family, not a slip, and so is one of other letters: gemma is not gemma2, mimo not olmo. */
function unknown(type: string, key: string, file: string): InputError {
  const digits = (word: string) => word.replaceAll(/\D/g, '');
  const known = [...MODEL_TYPES, ...Object.keys(UNMODELLED), ...Object.keys(INNER)];
  const near = slipOf(
    type,
    known.filter((one) => digits(one) === digits(type)),
    1,
  );
  return new InputError({
    message: `${key} "${type}" is unknown`,
    expected: `one of ${MODEL_TYPES.join(', ')}`,
    hint:
      near === undefined
        ? 'Maybe model_type of the family that it is a copy of, or YAML: see `shardwright schema model`.'
        : `Maybe "${near}".`,
    at: { file },
  });
}

function withTowers(model: ModelSpec, config: Config, file: string): ModelSpec {
  const towers = towersOf(config, model, file);
  return towers.length === 0 ? model : { ...model, towers };
}
