import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nanotron } from '../../../src/frameworks/nanotron/index.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { ORIGIN, planned, problemOf } from './fixture.ts';

const read = (text: string) => nanotron.reader!.read(sourceOf(text));
const EXCERPT = readFileSync('test/fixtures/launch/nanotron_llama3_70b_64h100.partial.yaml', 'utf8');
const QWEN = problemOf('qwen2.5-7b', 'dgx-h100-64', 'nanotron');
const WHOLE = nanotron.render(QWEN, planned(QWEN, 'tp=1,pp=1,dp=64,sharding=1'), ORIGIN)[0]!.content;

const BROKEN: readonly (readonly [rule: string, text: string, from: string | RegExp, to: string])[] = [
  ['world-size', WHOLE, 'dp: 64', 'dp: 32'],
  ['heads-divisible-by-tp', EXCERPT, 'num_attention_heads: 64', 'num_attention_heads: 60'],
  ['kv-heads-divisible-by-tp', EXCERPT, 'num_key_value_heads: 8', 'num_key_value_heads: 4'],
  ['heads-divisible-by-kv-heads', WHOLE, 'num_key_value_heads: 4', 'num_key_value_heads: 5'],
  ['heads-divisible-by-kv-heads', WHOLE, 'num_key_value_heads: 4', 'num_key_value_heads: 56'],
  ['expert-parallel', WHOLE, 'expert_parallel_size: 1', 'expert_parallel_size: 2'],
  ['schedule-micro-batches', EXCERPT, 'replica: 256', 'replica: 2'],
  ['pp-engine', EXCERPT, 'pp_engine: 1f1b', 'pp_engine: zb'],
  ['tp-mode', EXCERPT, 'REDUCE_SCATTER', 'SCATTER'],
  ['async-communication', EXCERPT, 'REDUCE_SCATTER', 'ALL_REDUCE'],
  ['zero-stage', WHOLE, 'zero_stage: 1', 'zero_stage: 2'],
  ['known-values', WHOLE, 'accumulate_grad_in_fp32: true', 'accumulate_grad_in_fp32: "yes"'],
  ['empty-stage', EXCERPT, 'pp: 4', 'pp: 128'],
  ['known-keys', WHOLE, 'recompute_layer', 'recompute_layers'],
  ['known-keys', WHOLE, 'checkpoint_interval', 'checkpoint_every'],
  ['known-keys', WHOLE, 'lr_decay_steps', 'lr_decay_step'],
  ['known-keys', WHOLE, 'adam_eps', 'adam_epsilon'],
  ['known-keys', WHOLE, 'tokenizer_name_or_path', 'tokenizer_path'],
  ['known-keys', WHOLE, 'log_level_replica', 'log_level_replicas'],
  ['known-keys', WHOLE, '  start_training_step: 1', '  start_training_step: 1\n  end_training_step: 9'],
  ['known-keys', WHOLE, 'num_loading_workers', 'loading_workers'],
  ['known-keys', WHOLE, 'std:', 'stddev:'],
  ['known-keys', WHOLE, 'hidden_act', 'rope_base: 1\n    hidden_act'],
  ['required-keys', WHOLE, /^ {2}dp: 64\n/m, ''],
  ['required-keys', WHOLE, /^ {2}zero_stage: 1\n/m, ''],
  ['required-keys', WHOLE, /^ {2}init_method:\n.*\n/m, ''],
  ['required-keys', WHOLE, /^ {4}lr_warmup_style.*\n/m, ''],
  ['required-keys', WHOLE, /^ {2}start_training_step: 1\n/m, ''],
  ['learning-rate-styles', WHOLE, 'lr_warmup_style: "linear"', 'lr_warmup_style: "cosine"'],
  [
    'learning-rate-styles',
    EXCERPT,
    'zero_stage: 1,',
    'zero_stage: 1, learning_rate_scheduler: { lr_warmup_style: null },',
  ],
  ['learning-rate-styles', WHOLE, 'lr_decay_style: "cosine"', 'lr_decay_style: "wsd"'],
  ['first-data-stage', WHOLE, 'start_training_step: 1', 'start_training_step: 0'],
];

describe('rules of the file', () => {
  it.each(BROKEN)('%s', (rule, text, from, to) => {
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    const found = read(changed).violations(64);
    expect(found.map((one) => one.rule)).toContain(rule);
    for (const { fix, line } of found) {
      expect(fix).toMatch(/\.$/);
      expect(line).toBeGreaterThan(0);
    }
  });

  it('are all tried', () => {
    const tried = new Set(BROKEN.map(([rule]) => rule));
    expect(nanotron.reader!.rules.map(({ rule }) => rule).sort()).toEqual([...tried].sort());
  });

  it('are kept by what emit writes, and by an excerpt', () => {
    expect(read(WHOLE).violations(64)).toEqual([]);
    expect(read(EXCERPT).violations(64)).toEqual([]);
  });
});

it('names an unknown key where it stands, with its list entry', () => {
  const text = WHOLE.replace('num_loading_workers', 'num_workers');
  const line = text.split('\n').findIndex((one) => one.includes('num_workers')) + 1;
  expect(read(text).violations(64)).toMatchObject([
    { rule: 'known-keys', actual: 'unknown data_stages.0.data.num_workers', line },
  ]);
});

it('an excerpt, without its general section, may leave keys out; a whole file may not', () => {
  const excerpt = EXCERPT.replace('dp: 2, ', '');
  expect(read(excerpt).violations(null)).toEqual([]);
  const [found] = read(`general: {project: x}\n${excerpt}`).violations(null);
  expect(found).toMatchObject({ rule: 'required-keys', actual: 'parallelism.dp is missing', fix: 'Add dp.' });
});

it('optional sections may be null', () =>
  expect(read(WHOLE.replace(/data_stages:[\s\S]*/, 'data_stages: null\n')).violations(64)).toEqual([]));

describe('StarCoder 2', () => {
  const starcoder = (keys: string) =>
    read(`parallelism: {dp: 1, pp: 2, tp: 1}
model: {model_config: {is_starcoder2_config: true, num_hidden_layers: 24, hidden_size: 2048, ${keys}}}`);

  it('has keys of its own, and no cut that is worked out here', () => {
    expect(starcoder('multi_query: true, vocab_size: 49280').violations(2)).toEqual([]);
    expect(starcoder('rms_norm_eps: 1').violations(2)).toMatchObject([{ rule: 'known-keys' }]);
    expect(
      starcoder('intermediate_size: 8192, num_attention_heads: 16, vocab_size: 49280').asked().configuration,
    ).not.toHaveProperty('layers');
  });
});

it('a model whose sizes are left out has no cut to find fault with', () =>
  expect(
    read('parallelism: {dp: 1, pp: 2, tp: 1}\nmodel: {model_config: {num_hidden_layers: 24}}').violations(2),
  ).toEqual([]));
