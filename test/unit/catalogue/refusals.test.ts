import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/catalogue/models.ts';
import { formatProblem, InputError } from '../../../src/domain/input-error.ts';
import { slipOf } from '../../../src/units/nearest.ts';
import { run } from '../../fixtures/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'refusals-'));

const LLAMA = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  ...{ hidden_size: 4096, intermediate_size: 14336, num_hidden_layers: 4, vocab_size: 128256 },
  ...{ num_attention_heads: 32, num_key_value_heads: 8, max_position_embeddings: 2048 },
};

function written(config: Readonly<Record<string, unknown>>): string {
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(config, null, 1));
  return path;
}

function refusal(name: string): string {
  try {
    loadModel(name);
  } catch (error) {
    if (error instanceof InputError) return formatProblem(error.problem);
    throw error;
  }
  return 'taken';
}

const of = (over: Readonly<Record<string, unknown>>) => refusal(written({ ...LLAMA, ...over }));

describe('a config.json that is broken in one place', () => {
  it.each([
    ['a family of another number', { model_type: 'gemma7' }, /:5:\d+: model_type "gemma7" is unknown/, null],
    ['a slip of one letter', { model_type: 'lama' }, /:5:/, 'Maybe "llama".'],
    ['a separator', { model_type: 'qwen3moe' }, /:5:/, 'Maybe "qwen3_moe".'],
    ['another family of near letters', { model_type: 'mimi' }, /:5:/, null],
    ['a type that is a number', { model_type: 3 }, /:5:\d+: model_type is 3/, null],
    [
      'a class of no family',
      { model_type: undefined, architectures: ['FooForCausalLM'] },
      /:2:\d+: architectures names "Foo/,
      null,
    ],
    [
      'a family that is not modelled',
      { model_type: 'rwkv7' },
      /:5:\d+: model_type "rwkv7" has linear attention/,
      null,
    ],
    ['heads that do not divide', { num_attention_heads: 33 }, /:10:\d+: num_attention_heads is 33/, null],
    ['key-value heads that do not', { num_key_value_heads: 5 }, /:11:\d+: num_key_value_heads is 5/, null],
    [
      'a key with a slip',
      { num_hidden_layers: undefined, num_hidden_layer: 4 },
      /missing key "num_hidden_layers"/,
      'Maybe "num_hidden_layer" is meant.',
    ],
    ['a key that is missing', { hidden_size: undefined }, /missing key "hidden_size"/, null],
    [
      'more experts a token than there are',
      { model_type: 'mixtral', num_local_experts: 8, num_experts_per_tok: 16 },
      /:14:\d+: num_experts_per_tok is 16\n\s*expected: at most 8/,
      null,
    ],
  ] as const)('%s', (_, over, message, hint) => {
    const text = of(over);
    expect(text).toMatch(message);
    if (hint === null) expect(text).not.toMatch(/Maybe "/);
    else expect(text).toContain(hint);
  });

  it('architectures stand in for a missing model_type', () => {
    const path = written({ ...LLAMA, model_type: undefined, architectures: ['Gemma2ForCausalLM'] });
    expect(loadModel(path).value.modelType).toBe('gemma2');
  });

  it.each([
    [
      'adapters',
      { peft_type: 'LORA', base_model_name_or_path: 'a/b' },
      'the config.json of a/b, with --train lora',
    ],
    ['an index of tensors', { weight_map: {} }, 'lists the tensors'],
    ['settings of generation', { bos_token_id: 1, eos_token_id: 2 }, 'how text is generated'],
    ['sizes as Meta has them', { dim: 4096, n_layers: 32, n_kv_heads: 8 }, 'params.json'],
  ])('another file, %s', (_, config, hint) => {
    expect(refusal(written(config))).toContain(hint);
  });
});

describe('an id of the hub', () => {
  it.each([
    [
      'meta-llama/Llama-3.1-8B-Instruct',
      'the preset "llama-3.1-8b", or its config.json, from https://huggingface.co/meta-llama/Llama-3.1-8B-Instruct/resolve/main/config.json.',
    ],
    [
      'https://huggingface.co/Qwen/Qwen3-8B/tree/main',
      'the preset "qwen3-8b", or its config.json, from https://huggingface.co/Qwen/Qwen3-8B/resolve',
    ],
    // Of other sizes than the presets that its name holds.
    [
      'microsoft/Phi-4-mini-instruct',
      'Maybe its config.json, from https://huggingface.co/microsoft/Phi-4-mini-instruct/resolve',
    ],
  ])('%s', (id, hint) => {
    expect(refusal(id)).toContain(hint);
  });

  it('is no path that looks like one', () => {
    expect(refusal('./org/name')).toContain('no file');
    expect(refusal('test/nothing')).toContain('no file');
    expect(refusal('org/name.json')).toContain('no file');
  });
});

it('a sequence longer than the model’s positions is said', async () => {
  const argv = (length: string) => [
    'estimate',
    written(LLAMA),
    'dgx-h100-8',
    '--global-batch',
    '8',
    '--config',
    'dp=8',
    '--seq-length',
    length,
  ];
  expect((await run(argv('2048'))).out).not.toContain('positions beyond');
  expect((await run(argv('4096'))).out.replaceAll(/\s+/g, ' ')).toContain(
    'sequence 4096 is longer than the 2048 positions',
  );
});

describe('a slip', () => {
  it.each([
    ['gpt', ['opt', 'mpt'], undefined],
    ['mimo2', ['olmo2', 'gemma2'], undefined],
    ['gptneox', ['gpt_neo', 'gpt_neox'], 'gpt_neox'],
    ['mistrol', ['mistral', 'ministral'], 'mistral'],
    ['hidden_sise', ['hidden_act', 'hidden_size'], 'hidden_size'],
  ])('%s among %o', (word, known, meant) => {
    expect(slipOf(word, known)).toBe(meant);
  });
});
