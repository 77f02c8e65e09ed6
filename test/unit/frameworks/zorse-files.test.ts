import { describe, expect, it } from 'vitest';
import { zorse } from '../../../src/frameworks/zorse/index.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { ORIGIN, planned, problemOf } from './fixture.ts';

const SAMPLE = {
  model_name: 'deepspeedllama_7b',
  global_batch_size: 64,
  microbatch_size: 2,
  sequence_length: 4096,
  fused_optimizer: true,
  autocast_dtype: 'bfloat16',
  pipeline_config: [
    {
      gpu_ranks: [0, 1],
      num_microbatches_per_rank: [20, 12],
      layer_partition: [0, 12],
      zero_config: [[0, 1]],
    },
    {
      gpu_ranks: [2, 3],
      num_microbatches_per_rank: [16, 16],
      layer_partition: [12, 32],
      zero_config: [[2, 3]],
    },
  ],
};
const file = (changes: object = {}) => {
  const text = JSON.stringify({ ...SAMPLE, ...changes }, null, 2);
  return zorse.reader!.read(sourceOf(text));
};
const stages = (first: object, second: object = {}) => ({
  pipeline_config: [
    { ...SAMPLE.pipeline_config[0], ...first },
    { ...SAMPLE.pipeline_config[1], ...second },
  ],
});

describe('rules of the file', () => {
  const broken: readonly (readonly [rule: string, changes: object, gpus: number])[] = [
    ['model-hub', { model_name: 'mamba_7b' }, 4],
    ['model-hub', { model_name: 'toyllama' }, 4],
    ['model-hub', { model_name: 'deepspeedopt_6.7b' }, 4],
    ['layers-continuous', stages({}, { layer_partition: [13, 32] }), 4],
    ['layers-of-model', stages({}, { layer_partition: [12, 31] }), 4],
    ['micro-batches', stages({ num_microbatches_per_rank: [20, 13] }), 4],
    ['micro-batches-per-rank', stages({ num_microbatches_per_rank: [20, 6, 6] }), 4],
    ['ranks-once', stages({ gpu_ranks: [0, 0], zero_config: [[0]] }), 4],
    ['zero-groups', stages({}, { zero_config: [[0, 3]] }), 4],
    ['world-size', {}, 3],
    ['required-keys', { fused_optimizer: undefined }, 4],
    ['required-keys', { sequence_length: undefined }, 4],
    ['required-keys', { global_batch_size: undefined }, 4],
    ['required-keys', { microbatch_size: undefined }, 4],
    ['dtype-name', { autocast_dtype: 'bf16' }, 4],
    ['dtype-name', { reduce_dtype: 'torch.float32' }, 4],
  ];

  it.each(broken)('%s %j', (rule, changes, gpus) => {
    const found = file(changes).violations(gpus);
    expect(found.map((one) => one.rule)).toEqual([rule]);
    expect(found[0]!.fix).toMatch(/\.$/);
  });

  it('are all tried', () => {
    const tried = new Set(broken.map(([rule]) => rule));
    expect(zorse.reader!.rules.map(({ rule }) => rule).sort()).toEqual([...tried].sort());
  });

  it('are kept by files that Zorse runs', () => {
    expect(file().violations(4)).toEqual([]);
    const others = stages({}, { layer_partition: [12, 40] });
    for (const model_name of ['toygpt_1', 'DeepSpeedMistral_7b', 'gpt_85m', 'opt_1', 'deepspeedbert_1'])
      expect(file({ ...others, model_name }).violations(4)).toEqual([]);
  });
});

it('computes in float32 where nothing else is said', () => {
  expect(file().asked().precision).toBe('bf16');
  expect(file({ autocast_dtype: undefined }).asked().precision).toBe('fp32');
});

it('without a micro-batch cannot be estimated', () =>
  expect(() => file({ microbatch_size: undefined }).asked()).toThrow(/f:1: f has no microbatch_size/));

it('split_microbatches_evenly overrides the shares', () => {
  const none = { num_microbatches_per_rank: [] };
  const three = { gpu_ranks: [2, 3, 4], zero_config: [[2, 3, 4]] };
  const even = file({ split_microbatches_evenly: true, ...stages(none, { ...none, ...three }) });
  expect(even.violations(5)).toEqual([]);
  const plan = even.asked().plan!(problemOf('llama-2-7b', 'dgx-h100-64'), [0, 1, 2, 3, 4]);
  expect(
    plan.pipelines[0]!.stages.map(({ replicas }) => replicas.map((b) => [b.count, b.microBatches])),
  ).toEqual([
    [[2, 16]],
    [
      [2, 11],
      [1, 10],
    ],
  ]);
  expect(plan.pipelines[0]!.microBatches).toBe(32);
});

describe('stages', () => {
  const both = problemOf('llama-2-7b', 'h100-plus-mi300x');

  it('of two vendors each have no library that joins them', () => {
    expect(zorse.reject(both, planned(both, 'micro-batch=1,zero=3'))).toMatchObject({
      rule: 'one-vendor',
      actual: 'stage 0 on GPUs of nvidia and amd',
    });
  });

  it('of one vendor each meet over Gloo', () => {
    const plan = planned(both, 'pp=2,micro-batch=1,zero=3,schedule=gpipe');
    expect(zorse.reject(both, plan)).toBeNull();
    const [config] = zorse.render(both, plan, ORIGIN);
    expect(JSON.parse(config!.content)).toMatchObject({ gloo_p2p: true });
  });
});
