import { describe, expect, it } from 'vitest';
import { launcherOf } from '../../../src/frameworks/index.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { dense } from './megatron-arguments.ts';

const read = (id: string, text: string, path = 'f', files: Readonly<Record<string, string>> = {}) =>
  launcherOf(id)!.reader!.read(sourceOf(text, path, files));
const asked = (id: string, text: string, path?: string, files?: Readonly<Record<string, string>>) =>
  read(id, text, path, files).asked(64);

/** A job of torchtitan with one more section or key. */
const job = (more: string, first = '') =>
  asked('torchtitan', `[model]\nname = "llama3"\nflavor = "8B"\n${first}\n${more}`, 'job.toml');

describe('a job of torchtitan in TOML', () => {
  it('of 2024 has its degrees under training and experimental', () => {
    const text =
      '[training]\nbatch_size = 8\nseq_len = 4096\ntensor_parallel_degree = 2\ndata_parallel_degree = 4\n';
    const { configuration, sequenceLength, globalBatchSize } = job(
      `${text}[experimental]\npipeline_parallel_degree = 4\npipeline_parallel_schedule = "1f1b"`,
    );
    expect(configuration).toMatchObject({ tp: '2', pp: '4', dp: '4', schedule: '1f1b', 'micro-batch': '2' });
    expect([sequenceLength, globalBatchSize]).toEqual([4096, 32]);
  });

  it.each([
    ['[activation_checkpoint]\nmode = "none"', 'none'],
    ['[activation_checkpoint]\nmode = "selective"\nselective_ac_option = "op"', 'op'],
    // Every second layer, as it is by default.
    ['', 'full:16'],
    ['[activation_checkpoint]\nselective_ac_option = "4"', 'full:8'],
    ['[activation_checkpoint]\nmode = "memory_budget"\nmemory_budget = 0.3', 'budget:0.3'],
  ])('%j recomputes %s', (section, wanted) =>
    expect(job(`[training]\nseq_len = 4096\n${section}`).configuration.recompute).toBe(wanted),
  );

  it.each([
    ['converters = ["float8"]', '[float8]\nrecipe_name = "rowwise"', 'fp8-rowwise'],
    ['converters = ["float8"]', '[quantize.linear.float8]\nenable_fsdp_float8_all_gather = true', 'fp8'],
    ['converters = ["mx"]', '', 'mxfp8'],
    ['', '[float8]\nenable_float8_linear = true', 'fp8'],
    ['', '', 'bf16'],
  ])('%s %s is %s', (converters, section, precision) =>
    expect(job(`[training]\nseq_len = 4096\n${section}`, converters).precision).toBe(precision),
  );

  it('is cut at its split points', () => {
    const pipeline =
      '[experimental]\npipeline_parallel_degree = 2\npipeline_parallel_split_points = ["layers.10"]';
    expect(job(`[training]\nbatch_size = 2\n${pipeline}`).configuration.layers).toBe('10/22');
  });

  it('says where it is no TOML, and what is no job', () => {
    expect(() => asked('torchtitan', '[training]\nseq_len = ', 'job.toml')).toThrow(/job\.toml:2/);
    expect(() => asked('torchtitan', '[tool.poetry]\nname = "x"', 'job.toml')).toThrow(
      /has none of \[training\]/,
    );
  });
});

describe('recipes of one file', () => {
  const recipes = `
from torchtitan.models.llama3 import model_registry
def _base() -> Trainer.Config:
    c = llama3_70b()
    c.parallelism.pipeline_parallel_degree = 2
    c.training.disable_cuda_graphs = True
    return c
def mine():
    c = _base()
    c.activation_checkpoint = None
    return dataclasses.replace(c, parallelism=dataclasses.replace(c.parallelism, context_parallel_degree=2))
`;
  it('start from one another, and copies change what they say', () => {
    // What begins with an underscore is for the others.
    expect(asked('torchtitan', recipes).configuration).toMatchObject({
      ...{ tp: '8', pp: '2', cp: '2', recompute: 'none' },
    });
  });

  it('know their model by the registry it is taken from', () => {
    const text = `from torchtitan.models.qwen3 import model_registry\nc = Trainer.Config(model_spec=model_registry("32B"), training=TrainingConfig(steps=1))`;
    expect(asked('torchtitan', text)).toMatchObject({
      layers: 64,
      hiddenSize: 5120,
      model: { queryGroups: 8 },
    });
  });
});

describe('Megatron-DeepSpeed', () => {
  const words = {
    deepspeed: '',
    'zero-stage': '2',
    'checkpoint-activations': '',
    'ds-sequence-parallel-size': '4',
  };

  it('is known by its engine, and read in its own words', () => {
    const file = read(
      'megatron',
      dense({ ...words, 'pipeline-model-parallel-size': '1', 'num-experts': '1' }),
    );
    const { configuration, notes, model } = file.asked(64);
    expect(configuration).toMatchObject({ zero: '2', cp: '4', recompute: 'full', tp: '2' });
    expect(model).not.toHaveProperty('expertsPerToken');
    expect(notes).toContain('a job of Megatron-DeepSpeed, priced on the software stack of Megatron Core');
    expect(file.violations(64)).toEqual([]);
    expect(file.violations(12).map(({ rule }) => rule)).toContain('world-size');
  });
});

describe('flags of Megatron-LM', () => {
  const notes = (changed: Readonly<Record<string, string>>) =>
    asked('megatron', dense(changed)).notes!.join('\n');

  it.each([
    [{ 'use-torch-fsdp2': '' }, '3'],
    [{ 'use-torch-fsdp2': '', 'torch-fsdp2-no-reshard-after-forward': '' }, '2'],
    [{ 'use-custom-fsdp': '', 'data-parallel-sharding-strategy': 'optim_grads_params' }, '3'],
    [{ 'use-megatron-fsdp': '' }, '0'],
  ])('%j shards zero=%s', (changed, zero) =>
    expect(asked('megatron', dense(changed)).configuration.zero).toBe(zero),
  );

  it('of before 3.0 recompute as they did', () => {
    expect(
      asked('megatron', dense({ 'activations-checkpoint-method': 'uniform' })).configuration.recompute,
    ).toBe('full');
  });

  it('that change memory and are not estimated are told', () => {
    expect(notes({ 'distribute-saved-activations': '' })).toContain(
      '--distribute-saved-activations is not estimated',
    );
    expect(notes({ 'overlap-moe-expert-parallel-comm': '' })).toContain('without the memory of a second');
    expect(notes({ 'cuda-graph-impl': 'local' })).toContain('buffers of CUDA graphs');
    expect(notes({ 'cuda-graph-impl': 'none' })).not.toContain('CUDA graphs');
  });

  it('a hybrid pattern counts its layers', () => {
    const rules = (changed: Readonly<Record<string, string | null>>) =>
      read('megatron', dense(changed))
        .violations(64)
        .map(({ rule }) => rule);
    expect(rules({ 'num-layers': null, 'hybrid-layer-pattern': 'M-M*' })).not.toContain('required-flags');
    expect(rules({ 'num-layers': null })).toContain('required-flags');
  });
});

describe('Primus', () => {
  const experiment = (overrides: string, more = 'model: llama3.1_8B.yaml') =>
    `modules:\n  pre_trainer:\n    framework: megatron\n    config: pre_trainer.yaml\n    ${more}\n    overrides:\n${overrides}`;

  it('takes switches as 1 and 0, and of a key that stands twice the last', () => {
    const text = experiment(
      '      use_torch_fsdp2: 1\n      use_distributed_optimizer: 0\n      seq_length: 2048\n      seq_length: 4096\n      recompute_num_layers: 0\n',
    );
    expect(asked('primus', text)).toMatchObject({ sequenceLength: 4096, configuration: { zero: '3' } });
  });

  it('has the sizes of the model file that it names, or of one beside it', () => {
    expect(asked('primus', experiment('      train_iters: 1\n'))).toMatchObject({
      ...{ layers: 32, hiddenSize: 4096, globalBatchSize: 16, sequenceLength: 1024, precision: 'bf16' },
      model: { queryGroups: 8, ffnHiddenSize: 14336 },
    });
    const own = { 'mine.yaml': 'extends:\n  - llama3.1_8B.yaml\nnum_layers: 16\nsequence_parallel: false\n' };
    const file = asked(
      'primus',
      experiment('      tensor_model_parallel_size: 2\n', 'model: mine.yaml'),
      'f',
      own,
    );
    expect(file).toMatchObject({ layers: 16, hiddenSize: 4096, configuration: { sp: 'false' } });
    const none = asked('primus', experiment('      train_iters: 1\n', 'model: nobodys.yaml'));
    expect(none.notes!.join()).toContain('what nobodys.yaml sets is not read');
  });

  it('refuses a variable without value and default, and another back end', () => {
    expect(() => asked('primus', experiment(`      train_iters: ${'$'}{STEPS}\n`))).toThrow(
      /\$\{STEPS\} has no value/,
    );
    const other = experiment('      train_iters: 1\n').replace('framework: megatron', 'framework: maxtext');
    expect(() => asked('primus', other)).toThrow(/framework is maxtext/);
  });
});

describe('templates', () => {
  it('leave what is to be filled in as it stands, and stop for nothing that was not given', () => {
    const script = (before: string) =>
      `${before}\ntorchrun pretrain_gpt.py \\\n${dense().replaceAll('\n', ' ')}`;
    expect(asked('megatron', script('DATA=<Specify path and file prefix>_text')).configuration.tp).toBe('2');
    expect(
      asked('megatron', script('if [ -z "$NAME" ]; then echo "set NAME"; exit 1; fi')).configuration.tp,
    ).toBe('2');
  });
});
