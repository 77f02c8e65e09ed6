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

/** Small ones, with each family's switches: counts equal transformers 5.18.0 modules on the meta device, a buffer of scores included. */
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
      'grok1',
      'internlm',
      'kimi_k2',
      'qwen2_vl',
      'qwen3_5',
      'qwen3_5_moe',
      'stablelm_epoch',
      'xverse',
    ];
    expect(MODEL_TYPES.filter((type) => !tried.has(type)).sort()).toEqual(alike);
  });

  it.each([
    ['zamba2', /"zamba2" has Mamba layers that share attention: not modelled/],
    ['kimi_linear', /another gated delta net/],
    ['glm_moe_dsa', /another indexer/],
    ['apertus', /an activation with weights of its own/],
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
