import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromHuggingFace, MODEL_TYPES } from '../../../src/catalogue/huggingface/index.ts';
import { loadModel } from '../../../src/catalogue/models.ts';
import { InputError } from '../../../src/domain/input-error.ts';
import { countParameters } from '../../../src/layers/parameters.ts';

interface Known {
  readonly model: string;
  readonly config: Record<string, unknown>;
  readonly total: number;
}

const { models } = JSON.parse(readFileSync('test/fixtures/hub-families.json', 'utf8')) as {
  models: Known[];
};

/**
 * Small ones, with each family's switches: counts equal transformers 5.18.0 modules on the meta device, a buffer of scores included; of plamo2
 * those of vllm's modules (models/plamo2.py@002fb90), of deci those of its own, added up, and of nemotron-nas those of the hub's 49B.
 */
const variants = readFileSync('test/fixtures/family-variants.jsonl', 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Omit<Known, 'model'>);

function refusalOf(config: Record<string, unknown>): string {
  try {
    fromHuggingFace(config, 'x');
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

function typeOf(config: Record<string, unknown>): unknown {
  const inner = config.text_config as Record<string, unknown> | undefined;
  return (inner ?? config).model_type;
}

describe('families of the hubs', () => {
  it.each(models.map((known) => [known.model, known] as const))(
    '%s: exact',
    (_, { config, model, total }) => {
      expect(countParameters(fromHuggingFace(config, model)).total).toBe(total);
    },
  );

  it.each(variants)('$config.model_type with its switches: exact ($total)', ({ config, total }) => {
    expect(countParameters(fromHuggingFace(config, 'x')).total).toBe(total);
  });

  it('has a case of all types but other names of those', () => {
    const tried = new Set([...models, ...variants].map(({ config }) => typeOf(config)));
    const alike = [
      'aquila',
      'gpt-sw3',
      'grok1',
      'internlm',
      'kimi_k2',
      'longcat_flash',
      'phi4_multimodal',
      'qwen2_vl',
      'qwen3_5',
      'qwen3_5_moe',
      'stablelm_epoch',
      'xverse',
    ];
    expect(MODEL_TYPES.filter((type) => !tried.has(type)).sort()).toEqual(alike);
  });

  it('longcat_flash: exact; transformers makes gates of experts that do nothing too, its checkpoints have none', () => {
    const config = {
      ...{ model_type: 'longcat_flash', vocab_size: 131072, hidden_size: 6144, num_layers: 28 },
      ...{ num_attention_heads: 64, q_lora_rank: 1536, kv_lora_rank: 512, qk_nope_head_dim: 128 },
      ...{ qk_rope_head_dim: 64, v_head_dim: 128, ffn_hidden_size: 12288, moe_topk: 12 },
      ...{ n_routed_experts: 512, zero_expert_num: 256, expert_ffn_hidden_size: 2048 },
    };
    const { total, active } = countParameters(fromHuggingFace(config, 'x'));
    const gatesOfNone = 28 * 256 * 2 * 2048 * 6144;
    expect(total).toBe(741_053_585_408 + 21_504 - gatesOfNone);
    // arXiv 2509.01322: 18.6 to 31.3 billion, 27 in the mean.
    expect(active / 1e9).toBeCloseTo(27, -1);
  });

  it.each([
    ['a name of another family', { num_experts: undefined, num_local_experts: 8 }],
    ['its own', {}],
  ])('experts under %s are read, never guessed', (_, over) => {
    const config = {
      ...{ model_type: 'qwen3_moe', hidden_size: 96, num_hidden_layers: 2, num_attention_heads: 6 },
      ...{ num_key_value_heads: 2, head_dim: 16, vocab_size: 1000, moe_intermediate_size: 40 },
      ...{ num_experts: 8, num_experts_per_tok: 2, intermediate_size: 232 },
      ...over,
    };
    const { kinds } = fromHuggingFace(config, 'x');
    expect(kinds[0]!.ffn).toMatchObject({ experts: 8, topK: 2 });
  });

  it.each([
    ['hidden_size_per_layer_input', 256, /embeddings in each layer are not modelled/],
    ['num_kv_shared_layers', 4, /keys and values shared by layers are not modelled/],
  ])('gemma4 with %s is refused', (key, value, message) => {
    const own = { model_type: 'gemma4_text', hidden_size_per_layer_input: 0, [key]: value };
    expect(refusalOf(own)).toMatch(message);
  });

  it.each([
    ['zamba2', /"zamba2" has Mamba layers that share attention: not modelled/],
    ['minimax_m3', /another indexer/],
    ['hy_v4', /several residual streams/],
    ['inkling', /convolutions around attention and MLP/],
    ['t5', /an encoder beside the decoder/],
  ])('%s is refused by what is missing', (type, message) => {
    expect(refusalOf({ model_type: type })).toMatch(message);
  });

  it('takes architectures where model_type is left out', () => {
    const { model_type: _, ...config } = models.find(({ model }) => model.includes('OLMoE'))!.config;
    expect(fromHuggingFace(config, 'x').family).toBe('olmoe');
    expect(refusalOf({ architectures: ['Zamba2ForCausalLM'] })).toMatch(/"zamba2" has Mamba layers/);
  });

  it('gives a key inside another its line', () => {
    const text = { ...models.find(({ model }) => model.includes('Scout'))!.config };
    const inner = { ...(text.text_config as object), num_attention_heads: 'many' };
    const path = join(mkdtempSync(join(tmpdir(), 'hub-')), 'config.json');
    const lines = JSON.stringify({ ...text, text_config: inner }, null, 1);
    writeFileSync(path, lines);
    const line = lines.slice(0, lines.indexOf('"many"')).split('\n').length;
    expect(() => loadModel(path)).toThrow(`config.json:${line}:`);
  });

  it('hints at a slip, never at a family of another number', () => {
    expect(refusalOf({ model_type: 'gemmma' })).toMatch(/Maybe "gemma"\./);
    expect(refusalOf({ model_type: 'qwen9' })).not.toMatch(/Maybe "qwen/);
  });
});
