import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromHuggingFace } from '../../../src/catalogue/huggingface/index.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { architecture, plainArchitecture } from '../../../src/frameworks/megatron/architecture-rule.ts';
import { modelArguments } from '../../../src/frameworks/megatron/model-arguments.ts';
import { architectureOf } from '../../../src/frameworks/nanotron/rules.ts';
import { titanModelOf } from '../../../src/frameworks/torchtitan/registry.ts';
import { withinSequence } from '../../../src/layers/within-sequence.ts';
import { problemOf } from './fixture.ts';

interface Known {
  readonly model: string;
  readonly config: Record<string, unknown>;
}

const { models } = JSON.parse(readFileSync('test/fixtures/hub-families.json', 'utf8')) as {
  models: Known[];
};

const LLAMA = {
  model_type: 'llama',
  ...{ hidden_size: 4096, intermediate_size: 14336, num_hidden_layers: 32, vocab_size: 128256 },
  ...{ num_attention_heads: 32, num_key_value_heads: 8 },
};

function modelOf(name: string, over: Record<string, unknown> = {}) {
  const { config } = models.find(({ model }) => model.endsWith(name)) ?? { config: LLAMA };
  return fromHuggingFace({ ...config, ...over }, name);
}

const problem = (model: Problem['model']): Problem => ({ ...problemOf('llama-3.1-8b', 'dgx-h100-8'), model });

describe('Megatron is told of sizes', () => {
  it.each([
    ['gemma-2b', 'embeddings scaled by the root of the hidden size'],
    ['phi-2', 'phi with parallel residual'],
    ['granite-3.3-8b-base', 'embedding_multiplier 12'],
    ['c4ai-command-r-v01', 'cohere with parallel residual'],
    ['dbrx-base', 'layer norms without a bias'],
    ['mpt-7b', 'ALiBi in place of positions'],
    ['bloom-560m', 'a norm on the embedding'],
    ['bitnet-b1.58-2B-4T', 'norms inside attention and MLP'],
    ['Llama-4-Scout-17B-16E', 'attention in chunks of 8192'],
    ['grok-1', 'embedding_multiplier_scale 78.38'],
  ])('%s is refused: %s', (name, what) => {
    const reason = architecture(problem(modelOf(name)));
    expect(reason?.rule).toBe('model-architecture');
    expect(reason?.actual).toBe(what);
  });

  it.each([
    ['SmolLM3-3B', 'layers without rotary positions'],
    ['starcoder2-3b', 'sliding-window attention'],
  ])('%s is refused by back ends on another Megatron: %s', (name, what) => {
    expect(architecture(problem(modelOf(name)))).toBeNull();
    expect(plainArchitecture(problem(modelOf(name)))?.actual).toBe(what);
  });

  it.each(['GLM-4.7-Flash', 'deepseek-moe-16b-base', 'Seed-OSS-36B-Base', 'glm-4-9b-chat', 'starcoder2-3b'])(
    '%s is described',
    (name) => {
      expect(architecture(problem(withinSequence(modelOf(name), 4096)))).toBeNull();
    },
  );

  it.each([
    [{ hidden_act: 'gelu' }, 'gated gelu as activation'],
    [{ mlp_bias: true }, 'biases on only some of its linear layers'],
    [{ attention_bias: true }, 'biases on only some of its linear layers'],
  ])('a Llama with %o is refused', (over, what) => {
    expect(architecture(problem(modelOf('llama', over)))?.actual).toBe(what);
  });

  it('squared ReLU has a flag of its own', () => {
    const arcee = modelOf('arcee', { model_type: 'arcee' });
    expect(architecture(problem(arcee))).toBeNull();
    expect(modelArguments(arcee, 4096)).toContain('--squared-relu');
    expect(modelArguments(modelOf('llama'), 4096)).not.toContain('--squared-relu');
  });
});

describe('runtimes that know Llama alone', () => {
  it.each([
    ['granite', { model_type: 'granite', residual_multiplier: 0.22 }],
    ['a Llama with GELU gates', { hidden_act: 'gelu' }],
    ['a Llama whose every fourth layer is not rotated', { model_type: 'smollm3', pad_token_id: 0 }],
  ])('do not take %s for it', (_, over) => {
    expect(architectureOf(modelOf('llama', over))).toBeNull();
    expect(titanModelOf(modelOf('llama', over))).toBeNull();
  });

  it('take it', () => {
    expect(architectureOf(modelOf('llama'))).toBe('llama');
    expect(titanModelOf(modelOf('llama'))?.flavor).toBe('8B');
  });
});
