import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDocument } from '../../../src/catalogue/parse-document.ts';
import { InputError } from '../../../src/domain/input-error.ts';
import { launcherOf } from '../../../src/frameworks/index.ts';
import { FLAG_NAMES } from '../../../src/frameworks/megatron/flag-names.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { ORIGIN, planned, problemOf } from './fixture.ts';

const sample = (name: string) => readFileSync(join('test/fixtures/launch', name), 'utf8');
const golden = (path: string) => readFileSync(join('test/golden/snapshots/launch', path), 'utf8');
const read = (id: string, text: string, path = 'f') => launcherOf(id)!.reader!.read(sourceOf(text, path));

const DEEPSPEED = sample('deepspeed_llama3_70b_64h100.json');
const NANOTRON = sample('nanotron_llama3_70b_64h100.partial.yaml');
const PRIMUS = sample('primus_llama3_70b_64.yaml');
const BRIDGE = sample('bridge_llama3_70b_64h100.sh');
const TITAN = sample('torchtitan_plan.py');
const ZORSE = JSON.stringify({
  model_name: 'deepspeedllama_7b',
  global_batch_size: 64,
  microbatch_size: 2,
  sequence_length: 4096,
  fused_optimizer: true,
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
});
const HEXISCALE = `--model_size llama-7b --total-layer-num 32 --hetero_configs "[[4, 2], [2]]" --layer_partitions "[[20, 12], [32]]"
--chunks 12 4 --global_bsz_size 24 8 --mixed_precision bf16 --pipeline-type 1F1B --default_dp_type ddp`;

describe('files that their frameworks accept', () => {
  it.each([
    ['deepspeed', DEEPSPEED, 64],
    ['nanotron', NANOTRON, 64],
    ['primus', PRIMUS, 64],
    ['megatron-bridge', BRIDGE, 64],
    ['torchtitan', TITAN, 64],
    ['zorse', ZORSE, 4],
    ['hexiscale', HEXISCALE, 8],
    ['json', golden('json/plan.json'), 16],
  ])('%s', (id, text, gpus) => expect(read(id, text).violations(gpus)).toEqual([]));

  it('are read as they are meant', () => {
    expect(read('deepspeed', DEEPSPEED).asked()).toMatchObject({
      configuration: { cp: '8', dp: '8', 'micro-batch': '1', zero: '3' },
      globalBatchSize: 512,
      precision: 'bf16',
    });
    expect(read('nanotron', NANOTRON).asked()).toMatchObject({
      configuration: {
        dp: '2',
        pp: '4',
        tp: '8',
        zero: '1',
        sp: 'true',
        layers: '21/20/20/19',
        schedule: '1f1b',
      },
      globalBatchSize: 512,
      sequenceLength: 8192,
      layers: 80,
    });
    expect(read('primus', PRIMUS).asked()).toMatchObject({
      configuration: { tp: '8', pp: '4', layers: '12/12/28/28', zero: '1' },
      globalBatchSize: 512,
    });
    expect(read('megatron-bridge', BRIDGE).asked()).toMatchObject({
      configuration: { tp: '4', pp: '4', cp: '2', vpp: '5', 'micro-batch': '1' },
      globalBatchSize: 256,
    });
    expect(read('torchtitan', TITAN).asked()).toMatchObject({
      configuration: {
        tp: '8',
        pp: '4',
        dp: '2',
        layers: '12/12/28/28',
        schedule: '1f1b',
        recompute: 'full',
      },
      globalBatchSize: 512,
      sequenceLength: 8192,
      layers: 80,
    });
    expect(read('zorse', ZORSE).asked()).toMatchObject({ globalBatchSize: 64, layers: 32, hiddenSize: 4096 });
    expect(read('hexiscale', HEXISCALE).asked()).toMatchObject({ globalBatchSize: 32, sequenceLength: 4096 });
  });

  it('Primus: a manual split is a layout', () => {
    const text = PRIMUS.replace(
      /pipeline_model_parallel_layout: .*/,
      'decoder_pipeline_manual_split_list: [10, 20, 25, 25]',
    );
    expect(read('primus', text).asked().configuration).toMatchObject({ layers: '10/20/25/25', vpp: '1' });
  });
});

/** A file that breaks each rule of each launcher, and no case without a rule. */
const BROKEN: Readonly<Record<string, readonly (readonly [rule: string, text: string, gpus: number])[]>> = {
  torchtitan: [
    ['world-size', TITAN, 32],
    [
      'expert-grid',
      TITAN.replace('p.pipeline_parallel_degree', 'p.expert_parallel_degree = 3; p.pipeline_parallel_degree'),
      64,
    ],
    ['layers-per-stage', TITAN.replace(/p\.module_fqns.*/, 'p.pipeline_parallel_layers_per_stage = 5'), 64],
    ['known-schedule', TITAN.replace('"1F1B"', '"1F2B"'), 64],
    ['known-values', TITAN.replace('p.num_pp', 'p.fsdp_reshard_after_forward = "sometimes"; p.num_pp'), 64],
    ['checkpoint-kind', `${TITAN}    c.activation_checkpoint = FulAC.Config()\n`, 64],
    ['stages-divisible-by-pp', TITAN.replace('[12, 12, 28, 28]', '[20, 30, 30]'), 64],
    ['stages-per-rank', TITAN.replace('"1F1B"', '"ZBVZeroBubble"'), 64],
    ['layers-once', TITAN.replace('[12, 12, 28, 28]', '[12, 12, 28, 27]'), 64],
    ['tokens-divisible', TITAN.replace('dp_rank = 8192', 'dp_rank = 8190'), 64],
    ['tokens-per-step', TITAN.replace('512 * 8192', '500 * 8192'), 64],
    ['cuda-graphs', TITAN.replace('disable_cuda_graphs = True', 'disable_cuda_graphs = False'), 64],
    ['memory-budget', `${TITAN}    c.activation_checkpoint = MemoryBudgetAC.Config(budget=0.5)\n`, 64],
    [
      'async-tensor-parallel',
      TITAN.replace('p.num_pp', 'p.enable_async_tensor_parallel = True; p.num_pp'),
      64,
    ],
    ['heads-divisible-by-tp', TITAN.replace('tensor_parallel_degree = 8', 'tensor_parallel_degree = 3'), 64],
    [
      'kv-heads-divisible-by-tp',
      TITAN.replace('tensor_parallel_degree = 8', 'tensor_parallel_degree = 16'),
      64,
    ],
    ['schedule-micro-batches', TITAN.replace('num_pp_microbatches = 256', 'num_pp_microbatches = 2'), 64],
    [
      'spmd-backend',
      TITAN.replace(
        'p.num_pp',
        'p.context_parallel_degree = 2; p.spmd_backend = "partial_dtensor"; p.num_pp',
      ),
      64,
    ],
    ['tied-embeddings', TITAN.replaceAll('llama3_70b', 'qwen3_1_7b'), 64],
    ['expert-tensor-parallel', TITAN.replaceAll('llama3_70b', 'qwen3_30b_a3b'), 64],
    [
      'experts-divisible-by-ep',
      TITAN.replaceAll('llama3_70b', 'qwen3_30b_a3b').replace(
        'p.num_pp',
        'p.expert_parallel_degree = 3; p.num_pp',
      ),
      64,
    ],
    ['known-fields', TITAN.replace('p.tensor_parallel_degree', 'p.tensor_parallel_degre'), 64],
  ],
  primus: [['query-groups', `${PRIMUS}      num_query_groups: 6\n`, 64]],
  'megatron-bridge': [
    ['world-size', BRIDGE.replace('context_parallel_size=2', 'context_parallel_size=3'), 64],
  ],
  json: [['plan-object', golden('json/plan.json').replace('"pipelines"', '"pipeline"'), 16]],
};

describe.each(Object.entries(BROKEN))('rules of %s', (id, cases) => {
  it.each(cases)('%s', (rule, text, gpus) => {
    const broken = read(id, text).violations(gpus);
    expect(broken.map((one) => one.rule)).toContain(rule);
    for (const { fix, line, actual, limit } of broken) {
      expect(fix).toMatch(/\.$/);
      expect(line).toBeGreaterThan(0);
      expect(actual).not.toBe('');
      expect(limit).not.toBe('');
    }
  });

  it('are all tried, but where they are Megatron-LM’s', () => {
    if (id === 'primus' || id === 'megatron-bridge') return;
    const rules = launcherOf(id)!.reader!.rules.map(({ rule }) => rule);
    expect(cases.map(([rule]) => rule).sort()).toEqual([...rules].sort());
  });
});

it('Megatron-LM’s rules speak the names of the framework', () => {
  const [primus] = read(
    'primus',
    `${PRIMUS}      overlap_grad_reduce: false\n`.replace('      overlap_grad_reduce: true\n', ''),
  ).violations(64);
  expect(primus).toMatchObject({ rule: 'overlap-param-gather', actual: 'overlap_param_gather' });
  const [bridge] = read('megatron-bridge', 'ddp.overlap_param_gather=true').violations(null);
  expect(bridge).toMatchObject({ actual: 'ddp.overlap_param_gather' });
});

interface Primus {
  readonly modules: { readonly pre_trainer: { readonly overrides: Readonly<Record<string, unknown>> } };
}

describe('field names', () => {
  /** Every model that Megatron-LM's flags describe, with every technique that a plan can have. */
  const MODELS = ['llama-3.1-70b', 'qwen3-30b-a3b', 'glm-4.5-air', 'qwen2.5-7b', 'megatron-18b'];
  const PLANS = [
    'tp=2,pp=2,cp=2,micro-batch=1,recompute=core_attn+layernorm,sharding=1',
    'tp=1,pp=1,dp=64,recompute=full,sharding=3',
    'tp=2,pp=2,dp=16,recompute=full,recompute-layers=2,sharding=1,shard-groups=4',
  ];
  const rendered = (id: string) => {
    const launcher = launcherOf(id)!;
    return MODELS.flatMap((model) =>
      PLANS.map((configuration) => {
        const problem = problemOf(model, id === 'primus' ? 'mi300x-64' : 'dgx-h100-64');
        return launcher.render(problem, planned(problem, configuration), ORIGIN)[0]!.content;
      }),
    );
  };

  it('of Megatron-LM are its parser’s', () => {
    for (const text of rendered('megatron'))
      for (const [, flag] of text.matchAll(/^--(\S+)$/gm)) expect(FLAG_NAMES).toContain(flag);
  });

  it('of Megatron-Bridge are its translator’s', () => {
    const { fields } = JSON.parse(sample('megatron-bridge-fields.json')) as { fields: string[] };
    // GPTDatasetConfig copies it over sequence_length when it is finalised (training/config.py, commit 067f987).
    const newer = ['dataset.seq_length'];
    for (const text of rendered('megatron-bridge'))
      for (const [, field] of text.matchAll(/^([\w.]+)=/gm)) expect([...fields, ...newer]).toContain(field);
  });

  it('of Primus are those of Megatron-LM’s arguments', () => {
    // Where argparse calls an argument otherwise than its flag.
    const dests = ['add_bias_linear', 'fp8', 'fp4'];
    for (const text of rendered('primus')) {
      const file = parseDocument('f', text).value as Primus;
      const { overrides } = file.modules.pre_trainer;
      for (const key of Object.keys(overrides))
        expect(dests.includes(key) || FLAG_NAMES.has(key.replaceAll('_', '-')), key).toBe(true);
    }
  });
});

describe('bad input', () => {
  it.each([
    ['deepspeed', '{"train_batch_size": "many"}', /train_batch_size is "many"/],
    ['deepspeed', '{"a": 1}', /has no train_batch_size/],
    ['deepspeed', '[1]', /holds no mapping/],
    ['nanotron', 'tokens: {}', /has no parallelism/],
    ['nanotron', 'parallelism: {dp: two}', /parallelism.dp is "two"/],
    ['primus', 'modules: {}', /has no modules.pre_trainer.overrides/],
    ['megatron-bridge', 'echo hello', /has no overrides/],
    ['torchtitan', 'print("hello")', /sets nothing/],
    ['zorse', '{"model_name": "x"}', /has no pipeline_config/],
    ['zorse', '{"pipeline_config": [{"gpu_ranks": ["a"]}]}', /stage 0 of pipeline_config is incomplete/],
    ['hexiscale', '--hetero_configs 4,2', /--hetero_configs is "4,2"/],
    ['hexiscale', '--hetero_configs [[1]] --layer_partitions [[32]]', /--chunks is missing/],
    ['json', '{"schema": "x"}', /missing key "origin"/],
  ])('%s: %s', (id, text, message) => {
    const asked = () => read(id, text).asked();
    expect(asked).toThrow(InputError);
    expect(asked).toThrow(message);
  });
});
