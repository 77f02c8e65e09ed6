import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { torchtitan } from '../../../src/frameworks/torchtitan/index.ts';
import { sourceOf } from '../../fixtures/source.ts';

const TITAN = readFileSync('test/fixtures/launch/torchtitan_plan.py', 'utf8');

function read(text: string) {
  return torchtitan.reader!.read(sourceOf(text, 'plan.py'));
}
const asked = (lines: string) => read(lines).asked();
const broken = (text: string, gpus: number | null = 64) => read(text).violations(gpus);
const recipe = (base: string, ...lines: string[]) => [`c = ${base}()`, ...lines].join('\n');

describe('what a recipe leaves out is as its base function has it', () => {
  it('recomputes all of 70B', () => expect(asked(TITAN).configuration.recompute).toBe('full'));

  it.each([
    ['llama3_8b', '1', 'op', 8192, 1, 'bf16'],
    ['llama3_70b', '8', 'full', 8192, 8, 'bf16'],
    ['llama3_405b', '8', 'full', 8192, 2, 'fp8-rowwise'],
    ['qwen3_0_6b', '1', 'op', 4096, 4, 'bf16'],
    ['qwen3_1_7b', '1', 'op', 4096, 4, 'bf16'],
    ['qwen3_14b', '1', 'full', 4096, 4, 'bf16'],
    ['qwen3_32b', '1', 'full', 4096, 2, 'bf16'],
    ['qwen3_30b_a3b', '1', 'full', 4096, 2, 'bf16'],
    ['somebody_s_own', '1', 'op', 2048, 8, 'bf16'],
  ])('%s', (base, tp, recompute, sequenceLength, sequences, precision) => {
    expect(asked(recipe(base, 'c.parallelism.data_parallel_shard_degree = 4'))).toMatchObject({
      configuration: { tp, recompute, 'micro-batch': String(sequences) },
      sequenceLength,
      globalBatchSize: 4 * sequences,
      precision,
    });
  });

  it('unless it says otherwise', () => {
    const own = asked(
      recipe(
        'llama3_70b',
        'c.activation_checkpoint = None',
        'c.parallelism.tensor_parallel_degree = 4',
        'c.training.max_context_length = 4096',
      ),
    );
    expect(own.configuration).toMatchObject({ recompute: 'none', tp: '4', 'micro-batch': '16' });
  });

  it('or puts a section in its place', () => {
    const own = asked(recipe('llama3_70b', 'c.parallelism = ParallelismConfig(pipeline_parallel_degree=2)'));
    expect(own.configuration).toMatchObject({ tp: '1', pp: '2', recompute: 'full' });
  });

  it('or asks it for another length', () => {
    const own = asked('c = llama3_70b(seq_len=4096)\nc.parallelism.data_parallel_shard_degree = 1');
    expect(own).toMatchObject({ sequenceLength: 4096, globalBatchSize: 8 });
  });

  it.each([
    ['c.optimizer.implementation = "fused_opt_states_bf16"', 'adamw,moments=bf16'],
    ['c.training.dtype = "bfloat16"', 'adamw,master=none'],
    ['c.optimizer.implementation = "foreach"', 'adamw,update=foreach'],
    [
      'c.optimizer = OptimizersContainer.Config(param_groups=[ParamGroupConfig(pattern=r".*", optimizer_name="DistMuon")])',
      'muon',
    ],
  ])('its optimizer: %s', (line, optimizer) => {
    expect(asked(recipe('llama3_8b', 'c.parallelism.tensor_parallel_degree = 8', line)).optimizer).toBe(
      optimizer,
    );
  });

  it('a step in backward', () => {
    const lines = ['c.parallelism.tensor_parallel_degree = 8', 'c.optimizer.early_step_in_backward = True'];
    expect(asked(recipe('llama3_8b', ...lines)).configuration['optimizer-in-backward']).toBe('true');
  });

  it('a micro-batch shorter than the context is one sequence', () => {
    const own = asked(recipe('llama3_70b', 'c.training.num_tokens_per_microbatch_per_dp_rank = 2048'));
    expect(own).toMatchObject({ sequenceLength: 2048, configuration: { 'micro-batch': '1' } });
  });
});

describe('models and precisions', () => {
  const own = (spec: string) => asked(recipe('qwen3_14b', `c.model_spec = ${spec}`, 'c.training.steps = 1'));
  it('takes another flavor', () => {
    expect(own('model_registry("8B")')).toMatchObject({ layers: 36, hiddenSize: 4096, precision: 'bf16' });
    expect(own('model_registry("13B")')).toMatchObject({ layers: null, hiddenSize: null });
  });
  it.each([
    ['Float8LinearConverter.Config(filter_fqns=["lm_head"])', 'fp8-rowwise'],
    ['Float8LinearConverter.Config(enable_fsdp_float8_all_gather=True)', 'fp8'],
    ['MXFP8LinearConverter.Config()', 'mxfp8'],
    ['NVFP4LinearConverter.Config()', 'nvfp4'],
  ])('%s', (converter, precision) => {
    expect(own(`model_registry("14B", converters=[${converter}])`).precision).toBe(precision);
  });
  it('405B without its converters is bf16', () => {
    const text = recipe('llama3_405b', 'c.model_spec = model_registry("405B")', 'c.training.steps = 1');
    expect(asked(text).precision).toBe('bf16');
  });
});

describe('other versions', () => {
  const SEQUENCES = [
    'c.parallelism.data_parallel_shard_degree = 2',
    'c.training.seq_len = 4096',
    'c.training.local_batch_size = 4',
  ];
  it('reads batches in sequences', () => {
    expect(asked(recipe('llama3_8b', ...SEQUENCES))).toMatchObject({
      sequenceLength: 4096,
      globalBatchSize: 8,
      configuration: { 'micro-batch': '4' },
    });
    const global = asked(recipe('llama3_8b', ...SEQUENCES, 'c.training.global_batch_size = 64'));
    expect(global.globalBatchSize).toBe(64);
  });

  it('which a pipeline cuts into micro-batches of one', () => {
    const lines = [...SEQUENCES, 'c.parallelism.pipeline_parallel_degree = 2'];
    expect(asked(recipe('llama3_8b', ...lines))).toMatchObject({
      globalBatchSize: 8,
      configuration: { 'micro-batch': '1' },
    });
    const pairs = [...lines, 'c.parallelism.pipeline_parallel_microbatch_size = 3'];
    expect(broken(recipe('llama3_8b', ...pairs), null).map(({ rule }) => rule)).toContain(
      'schedule-micro-batches',
    );
  });

  it('reads the mode of activation checkpointing', () => {
    const mode = (name: string) =>
      asked(
        recipe(
          'llama3_70b',
          `c.activation_checkpoint = ActivationCheckpointConfig(mode="${name}")`,
          'c.training.steps = 1',
        ),
      ).configuration.recompute;
    expect(['full', 'selective', 'none'].map(mode)).toEqual(['full', 'op', 'none']);
  });

  it('reads the renamed parts', () => {
    const renamed = TITAN.replace('p.module_fqns', 'p.pipeline_parallel_module_fqns');
    expect(asked(renamed).configuration.layers).toBe('12/12/28/28');
    expect(broken(renamed)).toEqual([]);
  });
});

describe('model parts', () => {
  const PARTS = `[["tok_embeddings"] + [f"layers.{i}" for i in range(16)],
    [f"layers.{i}" for i in range(16, 32)] + ["norm", "lm_head"]]`;
  const run = (parts: string) =>
    recipe(
      'llama3_8b',
      'p = c.parallelism',
      'p.pipeline_parallel_degree = 2',
      'p.num_pp_microbatches = 8',
      'c.training.disable_cuda_graphs = True',
      `p.module_fqns_per_model_part = ${parts}`,
    );

  it('are read from comprehensions', () => {
    expect(asked(run(PARTS)).configuration).toMatchObject({ layers: '16/16', vpp: '1' });
    expect(broken(run(PARTS))).toEqual([]);
  });

  it.each([
    ['layers.15 in part 1', PARTS.replace('range(16, 32)', 'range(15, 32)')],
    ['layers.17 in part 1', PARTS.replace('range(16, 32)', 'range(17, 32)')],
    ['31 layers in the parts', PARTS.replace('range(16, 32)', 'range(16, 31)')],
    ['tok_embeddings in part 1', PARTS.replace('"norm"', '"tok_embeddings", "norm"')],
    ['norm in part 0', PARTS.replace('["tok_embeddings"]', '["tok_embeddings", "norm"]')],
    ['no norm in the parts', PARTS.replace('"norm", ', '')],
    ['unknown module output', PARTS.replace('lm_head', 'output')],
    ['unknown module nrom', PARTS.replace('"norm"', '"nrom"')],
  ])('%s', (actual, parts) => {
    const found = broken(run(parts)).find(({ rule }) => rule === 'layers-once');
    expect(found).toMatchObject({ actual, line: 6 });
  });

  it('hint at the head’s name', () => {
    const found = broken(run(PARTS.replace('lm_head', 'output')));
    expect(found).toMatchObject([{ rule: 'layers-once', fix: 'Maybe lm_head.' }]);
  });
});
