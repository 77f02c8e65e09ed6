import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/input-error.ts';
import { MESH_RULES } from '../../../src/frameworks/flagscale/file-rules.ts';
import { flagscale } from '../../../src/frameworks/flagscale/index.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { problemOf } from './fixture.ts';

const sample = (name: string) =>
  readFileSync(`test/fixtures/launch/flagscale_llama3_8b_${name}.yaml`, 'utf8');
const SAME = sample('same_tp');
const UNLIKE = sample('unlike');
const HOSTS = 'node-a slots=8 type=A800\nnode-b slots=8 type=OTHER\n';
const read = (text: string, hosts?: string) =>
  flagscale.reader!.read(sourceOf(text, 'f', hosts === undefined ? {} : { 'hostfile.txt': hosts }));
const inHetero = (text: string, line: string) =>
  text.replace('    enable_hetero: true', `    enable_hetero: true\n    ${line}`);
const TIED = UNLIKE.replace(/ {2}untie_.*\n/, '').replace(
  '[2, 1, 1, 4, 1,  4, 1, 1, 2, 1]',
  '[4, 1, 1, 4, 1,  4, 1, 1, 2, 1]',
);

describe('files that FlagScale runs', () => {
  it.each([
    ['like meshes', SAME, HOSTS],
    ['unlike meshes', UNLIKE, HOSTS],
    ['without a hostfile', UNLIKE, undefined],
    ['a type in a row', SAME.replace('[A800, OTHER]', '[A800, A800]'), '# none\nnode-a slots=16 type=A800\n'],
    ['a shared embedding', inHetero(TIED, 'use_partial_reduce_for_shared_embedding: true'), undefined],
    ['no meshes', SAME.replace('enable_hetero: true', 'enable_hetero: false'), undefined],
  ])('%s', (_, text, hosts) => {
    const gpus = text.includes('[4, 1, 1, 4, 1') ? 24 : 16;
    expect(read(text, hosts).violations(gpus)).toEqual([]);
  });

  it('are read as they are meant', () => {
    const problem = problemOf('llama-3.1-8b', 'dgx-h100-64');
    const devices = Array.from({ length: 16 }, (_, i) => i);
    expect(read(SAME).asked()).toMatchObject({
      configuration: { tp: '4', pp: '2', dp: '2', layers: '20/12', zero: '1', sp: 'true' },
      globalBatchSize: 128,
      sequenceLength: 8192,
      precision: 'bf16',
      layers: 32,
      hiddenSize: 4096,
    });
    const on = { ...problem, workload: { ...problem.workload, globalBatchSize: 128 } };
    const { stages, microBatches } = read(
      UNLIKE.replace(/ {4}recompute_granularity_per_stage[\s\S]*?\n(?=model)/, ''),
    ).asked().plan!(on, devices).pipelines[0]!;
    expect(microBatches).toBe(128);
    expect(
      stages.map(({ microBatchSize, replicas: [block] }) => [microBatchSize, block!.tp, block!.count]),
    ).toEqual([
      [1, 2, 4],
      [2, 4, 2],
    ]);
    expect(stages[1]).toMatchObject({ chunks: [{ first: 21, end: 32 }], replicas: [{ microBatches: 32 }] });
  });

  it('of no meshes are Megatron-LM’s', () => {
    const plain = SAME.replace('enable_hetero: true', 'enable_hetero: false');
    expect(read(plain).asked().configuration).toMatchObject({ tp: '4', pp: '2' });
    expect(read(plain).asked().plan).toBeUndefined();
  });
});

describe('rules of the file', () => {
  const MESHES = '[2, 1, 1, 4, 1,  4, 1, 1, 2, 1]';
  const with_ = (from: string | RegExp, to: string) => UNLIKE.replace(from, to);
  const lists = (text: string) => with_(/recompute_granularity_per_stage[\s\S]*?\n(?=model)/, `${text}\n`);
  const broken: readonly (readonly [rule: string, text: string, gpus: number, hosts?: string])[] = [
    ['five-numbers-per-mesh', with_(MESHES, '[2, 1, 1, 4, 1,  4, 1, 1, 2, 1, 3]'), 16],
    ['type-per-mesh', with_('[A800, OTHER]', '[A800]'), 16],
    ['current-type', with_('device_type: A800', 'device_type: A100'), 16],
    ['current-type', with_(/ {4}hetero_current.*\n/, ''), 16],
    [
      'types-in-a-row',
      SAME.replace('4, 1, 1, 2, 1]', '4, 1, 1, 2, 1, 4, 1, 1, 2, 1]')
        .replace('[A800, OTHER]', '[A800, OTHER, A800]')
        .replace('[20, 12]', '[12, 10, 10]')
        .replace('pipeline_model_parallel_size: 2', 'pipeline_model_parallel_size: 3'),
      24,
    ],
    ['constant-micro-batch', with_(MESHES, '[2, 1, 1, 4, 1,  4, 1, 1, 3, 1]'), 20],
    ['context-parallel', with_(MESHES, '[2, 2, 1, 4, 1,  4, 2, 1, 2, 1]'), 32],
    [
      'expert-parallel-of-meshes',
      with_(MESHES, '[2, 1, 2, 4, 1,  4, 1, 1, 2, 1]').replace(
        'model:',
        'model:\n  num_experts: 8\n  expert_tensor_parallel_size: 1',
      ),
      16,
    ],
    ['pipeline-of-meshes', with_('pipeline_model_parallel_size: 2', 'pipeline_model_parallel_size: 4'), 16],
    ['layer-split', with_('[21, 11]', '[21, 10]'), 16],
    ['layer-split', with_('[21, 11]', '[21, 5, 6]'), 16],
    ['layer-split', with_(/ {4}hetero_pipeline.*\n/, '').replace('num_layers: 32', 'num_layers: 33'), 16],
    ['world-size', UNLIKE, 24],
    [
      'no-virtual-stages',
      with_('  distributed', '  num_layers_per_virtual_pipeline_stage: 4\n  distributed'),
      16,
    ],
    ['unlike-tp-needs-sp', with_('sequence_parallel: true', 'sequence_parallel: false'), 16],
    ['shared-embedding', with_(/ {2}untie_.*\n/, ''), 16],
    ['shared-embedding', TIED, 24],
    ['shared-embedding', with_('model:', 'model:\n  mtp_num_layers: 1'), 16],
    ['standalone-embedding', with_('  distributed', '  standalone_embedding_stage: true\n  distributed'), 16],
    [
      'optimizer-of-meshes',
      with_('  distributed', '  num_distributed_optimizer_instances: 2\n  distributed'),
      16,
    ],
    [
      'expert-tensor-parallel-per-mesh',
      inHetero(UNLIKE, 'expert_tensor_parallel_size_per_process_mesh: [1]'),
      16,
    ],
    ['recompute-lists-need-full', with_('granularity: full', 'granularity: selective'), 16],
    ['recompute-lists-cover-stages', lists('recompute_granularity_per_stage_micro_batch: [[1, 32, 0]]'), 16],
    [
      'recompute-lists-cover-micro-batches',
      lists('recompute_granularity_per_stage_micro_batch: [[1, 32, 0], [1, 30, 1]]'),
      16,
    ],
    ['recompute-lists-are-switches', lists('recompute_granularity_per_stage_micro_batch: [[2, 32, 2]]'), 16],
    [
      'hosts-once',
      UNLIKE,
      16,
      'node-a slots=8 type=A800\nnode-b slots=4 type=OTHER\nnode-b slots=4 type=OTHER\n',
    ],
    ['hosts-typed', UNLIKE, 16, 'node-a slots=8 type=A800\nnode-b slots=8\n'],
    ['hosts-typed', UNLIKE, 16, `${HOSTS}node-c slots=8 type=A100\n`],
    // The check that FlagScale lacks: the second mesh takes a rank of the first type.
    ['mesh-of-its-hosts', UNLIKE, 16, 'node-a slots=10 type=A800\nnode-b slots=6 type=OTHER\n'],
    // Megatron-LM's law, stage by stage of the meshes.
    ['heads-divisible-by-tp', with_('heads: 32', 'heads: 30'), 16],
    ['batch-divisible', with_('global_batch_size: 128', 'global_batch_size: 130'), 16],
  ];

  it.each(broken.map(([rule, text, gpus, hosts]) => ({ rule, text, gpus, hosts })))(
    '$rule',
    ({ rule, text, gpus, hosts }) => {
      const found = read(text, hosts).violations(gpus);
      expect(found.map((one) => one.rule)).toContain(rule);
      for (const { actual, fix } of found) {
        expect(fix).toMatch(/\.$/);
        expect(actual).not.toContain('--');
      }
    },
  );

  it('are all tried', () => {
    const tried = new Set(broken.map(([rule]) => rule));
    expect(MESH_RULES.map(({ rule }) => rule).filter((rule) => !tried.has(rule))).toEqual([]);
  });

  it('point at the line', () => {
    const [one] = read(UNLIKE.replace('[21, 11]', '[21, 10]')).violations(16);
    expect(UNLIKE.split('\n')[one!.line - 1]).toContain('hetero_pipeline_layer_split');
  });
});

describe('recomputation stage by stage', () => {
  const list = (granularity: string, more = '') =>
    UNLIKE.replace(
      /recompute_granularity_per_stage[\s\S]*?\n(?=model)/,
      `recompute_granularity_per_stage_micro_batch: ${granularity}\n${more}`,
    );
  it.each([
    ['[[2, 32, 0]]', '', 'none'],
    ['[[1, 32, 1], [1, 16, 1, 16, 1]]', '', 'full'],
    [
      '[[2, 32, 1]]',
      '    recompute_method_per_stage_micro_batch: [[2, 32, 1]]\n    recompute_num_layers_per_stage_micro_batch: [[2, 32, 4]]\n',
      'full:4',
    ],
  ])('%s is %s for all', (granularity, more, words) => {
    const { plan } = read(list(granularity, more)).asked();
    const problem = problemOf('llama-3.1-8b', 'dgx-h100-64');
    const found = plan!(
      problem,
      Array.from({ length: 64 }, (_, i) => i),
    ).techniques.recompute as {
      mode: string;
      layersPerStage: number | null;
    };
    const { mode, layersPerStage } = found;
    expect(layersPerStage === null ? mode : `${mode}:${layersPerStage}`).toBe(words);
  });

  it('that differs is refused, not guessed', () => {
    expect(() => read(UNLIKE).asked()).toThrow(/f:\d+: .*differs between stages/);
  });
});

describe('bad input', () => {
  it.each([
    ['[1]', /has no system, model and data/],
    [SAME.replace(/ {4}hetero_process_meshes.*\n/, ''), /has no hetero_process_meshes/],
    [SAME.replace('[4, 1, 1, 2, 1,', '[4, 1, 1, two, 1,'), /two in hetero_process_meshes/],
    [UNLIKE.replace('[1, 32, 0]', '[1, 32]'), /1,32\] in/],
  ])('%#', (text, message) => {
    const asked = () => read(text).asked();
    expect(asked).toThrow(InputError);
    expect(asked).toThrow(message);
  });

  it('a line that is no host', () => {
    expect(() => read(SAME, 'node-a 8')).toThrow(/hostfile\.txt:1: "node-a 8"/);
  });

  it('more GPUs than there are, or a copy whose GPUs lie apart', () => {
    const { plan } = read(SAME).asked();
    const problem = problemOf('llama-3.1-8b', 'dgx-h100-64');
    expect(() => plan!(problem, [0, 1, 2, 3, 4, 5, 6, 7])).toThrow(/meshes of at least 16 GPUs/);
    const apart = Array.from({ length: 16 }, (_, i) => (i < 1 ? 20 : i));
    expect(() => plan!(problem, apart)).toThrow(/a copy of a stage on GPUs 20, 1, 2, 3/);
  });
});
