import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { torchtitan } from '../../../src/frameworks/torchtitan/index.ts';
import { sourceOf } from '../../fixtures/source.ts';

const TITAN = readFileSync('test/fixtures/launch/torchtitan_plan.py', 'utf8');

function rules(text: string, gpus: number | null = null): string[] {
  const file = torchtitan.reader!.read(sourceOf(text, 'plan.py'));
  return file.violations(gpus).map(({ rule }) => rule);
}
const set = (base: string, ...lines: string[]) => [`c = ${base}()`, 'p = c.parallelism', ...lines].join('\n');

describe('degrees', () => {
  it.each([
    ['heads-divisible-by-tp', set('llama3_8b', 'p.tensor_parallel_degree = 3')],
    ['kv-heads-divisible-by-tp', set('llama3_8b', 'p.tensor_parallel_degree = 16')],
    ['experts-divisible-by-ep', set('qwen3_30b_a3b', 'p.expert_parallel_degree = 3')],
    ['expert-tensor-parallel', set('qwen3_30b_a3b', 'p.tensor_parallel_degree = 2')],
    ['tied-embeddings', set('qwen3_1_7b', 'p.pipeline_parallel_degree = 2')],
    ['spmd-backend', set('llama3_8b', 'p.context_parallel_degree = 2', 'p.spmd_backend = "partial_dtensor"')],
  ])('%s', (rule, text) => expect(rules(text)).toContain(rule));

  it.each([
    [
      'key-value heads of the flavor asked for',
      set('llama3_405b', 'p.tensor_parallel_degree = 8', 'c.compile.enable = True'),
    ],
    [
      'a model it does not know',
      set(
        'own_model',
        'p.tensor_parallel_degree = 3',
        'c.training.num_tokens_per_microbatch_per_dp_rank = 3000',
      ),
    ],
    ['no experts', set('llama3_8b', 'p.tensor_parallel_degree = 2', 'p.expert_parallel_degree = 1')],
    ['the default backend', set('llama3_8b', 'p.context_parallel_degree = 2')],
    ['a backend without cp', set('llama3_8b', 'p.spmd_backend = "partial_dtensor"')],
    [
      'separate embeddings',
      set(
        'qwen3_14b',
        'p.pipeline_parallel_degree = 2',
        'p.num_pp_microbatches = 2',
        'c.training.disable_cuda_graphs = True',
      ),
    ],
  ])('take %s', (_, text) => expect(rules(text)).toEqual([]));
});

describe('micro-batches', () => {
  const pipeline = (schedule: string, micro: number | null, stages: number) =>
    TITAN.replace('"1F1B"', `"${schedule}"`)
      .replace(/p\.num_pp_microbatches = 256.*/, micro === null ? '' : `p.num_pp_microbatches = ${micro}`)
      .replace('[12, 12, 28, 28]', `[${Array.from({ length: stages }, () => 80 / stages)}]`)
      .replace(/c\.training\.num_tokens_per_train_step.*/, '');
  it.each([
    ['1F1B', 3, 4, false],
    ['1F1B', 4, 4, true],
    ['1F1B', null, 4, false],
    ['GPipe', 3, 4, false],
    ['Interleaved1F1B', 11, 8, false],
    ['Interleaved1F1B', 12, 8, true],
    ['Interleaved1F1B', 3, 8, true],
    ['InterleavedZeroBubble', 11, 8, false],
    ['LoopedBFS', 11, 8, true],
  ])('%s with %s on %i stages: %s', (schedule, micro, stages, good) => {
    expect(rules(pipeline(schedule, micro, stages))).toEqual(good ? [] : ['schedule-micro-batches']);
  });

  it('are free where a table is the schedule', () => {
    const csv = pipeline('1F1B', 1, 4).replace(
      'p.pipeline_parallel_schedule = "1F1B"',
      'p.pipeline_parallel_schedule_csv = "a.csv"',
    );
    expect(rules(csv)).toEqual([]);
  });
});

describe('tokens', () => {
  const cut = (...lines: string[]) =>
    set(
      'llama3_8b',
      'p.tensor_parallel_degree = 8',
      'c.training.num_tokens_per_microbatch_per_dp_rank = 4100',
      ...lines,
    );
  it('divide by tp only with sequence parallelism', () => {
    expect(rules(cut())).toEqual(['tokens-divisible']);
    expect(rules(cut('p.enable_sequence_parallel = False'))).toEqual([]);
  });
  it('divide by twice cp', () => {
    const off = 'p.enable_sequence_parallel = False';
    expect(rules(cut(off, 'p.context_parallel_degree = 2'))).toEqual([]);
    expect(rules(cut(off, 'p.context_parallel_degree = 4'))).toEqual(['tokens-divisible']);
  });
});

describe('techniques', () => {
  const ASYNC = 'c.compile.enable_async_tensor_parallel = True';
  const TP = 'p.tensor_parallel_degree = 8';
  it.each([
    ['async-tensor-parallel', set('llama3_8b', TP, ASYNC)],
    ['async-tensor-parallel', set('llama3_405b', 'c.compile.enable = False', TP)],
    ['async-tensor-parallel', set('llama3_8b', TP, 'p.enable_async_tensor_parallel = True')],
    [
      'async-tensor-parallel',
      set('llama3_8b', TP, ASYNC, 'c.compile = CompileConfig(enable=True, components=["loss"])'),
    ],
    ['async-tensor-parallel', set('llama3_405b', TP, 'p.enable_sequence_parallel = False')],
    ['memory-budget', set('llama3_8b', TP, 'c.activation_checkpoint = MemoryBudgetAC.Config()')],
    [
      'memory-budget',
      set(
        'llama3_8b',
        TP,
        'c.activation_checkpoint = MemoryBudgetAC.Config()',
        'c.compile.enable = True',
        'c.compile.components = ["loss"]',
      ),
    ],
    ['cuda-graphs', set('qwen3_30b_a3b', 'p.expert_parallel_degree = 2')],
    ['cuda-graphs', set('llama3_8b', 'p.pipeline_parallel_degree = 2', 'p.num_pp_microbatches = 2')],
    ['known-fields', set('llama3_8b', 'p.spmd_backnd = "spmd_types"')],
    ['known-fields', set('llama3_8b', 'p.spmd_types = True', 'p.num_pp_microbatch = 1')],
  ])('%s', (rule, text) => expect(rules(text)).toEqual([rule]));

  it.each([
    ['async tensor parallelism, compiled', set('llama3_8b', TP, ASYNC, 'c.compile.enable = True')],
    ['no tensor parallelism to be async', set('llama3_8b', ASYNC, 'p.tensor_parallel_degree = 1')],
    [
      'a budget, compiled',
      set('llama3_8b', TP, 'c.activation_checkpoint = MemoryBudgetAC.Config()', 'c.compile.enable = True'),
    ],
    ['expert parallelism of a dense model', set('llama3_8b', 'p.expert_parallel_degree = 2')],
  ])('take %s', (_, text) => expect(rules(text)).toEqual([]));
});
