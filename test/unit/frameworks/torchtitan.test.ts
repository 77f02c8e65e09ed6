import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/domain/plan.ts';
import { torchtitan } from '../../../src/frameworks/torchtitan/index.ts';
import { FULL_RECOMPUTE, recompute, selective } from '../../../src/techniques/recompute.ts';
import { sequenceParallel } from '../../../src/techniques/sequence-parallel.ts';
import { zero } from '../../../src/techniques/zero.ts';
import { DENSE, MIXED, ORIGIN, planned, problemOf } from './fixture.ts';

const UNEVEN = planned(MIXED, 'tp=8,pp=4,dp=2,cp=1,micro-batch=1,sharding=3,layers=28/28/12/12');
const recipe = (problem: typeof DENSE, plan: Plan) => torchtitan.render(problem, plan, ORIGIN)[0]!.content;

describe('torchtitan recipe', () => {
  it('names degrees, schedule, micro-batches and the layers of each stage', () => {
    const text = recipe(MIXED, UNEVEN);
    for (const line of [
      'c = llama3_70b()',
      'p.pipeline_parallel_degree = 4',
      'p.tensor_parallel_degree = 8',
      'p.data_parallel_shard_degree = 2',
      'p.data_parallel_replicate_degree = 1',
      'p.pipeline_parallel_schedule = "1F1B"',
      'p.num_pp_microbatches = 256',
      'split = [28, 28, 12, 12]',
      'p.fsdp_reshard_after_forward = "never"',
      'num_tokens_per_train_step = 512 * 8192',
      'disable_cuda_graphs = True',
    ])
      expect(text).toContain(line);
  });

  it('says which torchtitan it is written for', () => {
    const [, window] = recipe(MIXED, UNEVEN).split('\n');
    expect(window).toBe(
      "# for torchtitan's main between PR #4121 and PR #4322, such as 13da2d77c of 2026-08-29",
    );
  });

  it('resets what a base function sets and the plan does not: float8, compilation, async tensor parallelism', () => {
    const big = problemOf('llama-3.1-405b', 'dgx-h100-512');
    const text = recipe(big, planned(big, 'tp=8,pp=8,dp=8,cp=1,sharding=3,layers=15/16/16/16/16/16/16/15'));
    for (const line of [
      'from torchtitan.models.llama3 import model_registry',
      'c = llama3_405b()',
      'c.model_spec = model_registry("405B")',
      'c.compile.enable = False',
      'c.compile.enable_async_tensor_parallel = False',
    ])
      expect(text).toContain(line);
    expect(recipe(MIXED, UNEVEN)).not.toMatch(/model_registry|compile/);
  });

  it('replicates without sharding and leaves the pipeline out when there is none', () => {
    const plan = planned(DENSE, 'tp=8,pp=1,dp=8,cp=1,sharding=0,recompute=full');
    const text = recipe(DENSE, plan);
    expect(text).toContain('p.data_parallel_replicate_degree = 8');
    expect(text).toContain('p.data_parallel_shard_degree = 1');
    expect(text).toContain('c.activation_checkpoint = FullAC.Config()');
    expect(text).not.toContain('num_pp_microbatches');
  });

  it('saves by operator when recomputation is selective', () => {
    const plan = planned(DENSE, 'tp=8,pp=1,dp=8,cp=1,sharding=3,recompute=op');
    expect(torchtitan.reject(DENSE, plan)).toBeNull();
    expect(recipe(DENSE, plan)).toContain('c.activation_checkpoint = SelectiveAC.Config()');
  });

  it('shards over part of the group when the plan says so', () => {
    const plan = planned(DENSE, 'tp=8,pp=1,dp=8,cp=1,sharding=3,dp-replicate=2');
    expect(recipe(DENSE, plan)).toContain('p.data_parallel_shard_degree = 4');
    expect(recipe(DENSE, plan)).toContain('p.data_parallel_replicate_degree = 2');
  });
});

describe('torchtitan rules', () => {
  const rule = (changed: Partial<Plan>, problem = MIXED) =>
    torchtitan.reject(problem, { ...UNEVEN, ...changed })?.rule ?? null;

  it('accepts the plan that the others are made from', () => {
    expect(rule({})).toBeNull();
  });

  it.each([
    ['sharding', { techniques: zero.set(UNEVEN.techniques, 1) }],
    ['schedule', { schedule: 'zb-h1' }],
    ['virtual-stages', { schedule: 'breadth-first' }],
    ['experts', { dims: { ...UNEVEN.dims, ep: 2 } }],
    ['dp-replicate', { dims: { ...UNEVEN.dims, dpReplicate: 3 } }],
    ['recompute-module', { techniques: recompute.set(UNEVEN.techniques, selective('mlp')) }],
    ['recompute', { techniques: recompute.set(UNEVEN.techniques, { ...FULL_RECOMPUTE, layersPerStage: 2 }) }],
  ] as [string, Partial<Plan>][])('refuses by %s', (name, changed) => {
    expect(rule(changed)).toBe(name);
  });

  it.each([
    ['heads-divisible-by-tp', 'llama-3.1-70b', 'tp=3'],
    ['kv-heads-divisible-by-tp', 'llama-3.1-70b', 'tp=16'],
    ['kv-heads-divisible-by-tp', 'llama-3.1-8b', 'tp=16'],
    [null, 'llama-3.1-405b', 'tp=8'],
  ])('%s: %s with %s', (name, model, degree) => {
    const problem = problemOf(model, 'dgx-h100-512');
    const plan = planned(problem, 'tp=1,pp=1,dp=64,sharding=3');
    const tp = Number(degree.slice(3));
    const [{ stages }] = plan.pipelines as [Plan['pipelines'][number]];
    const [stage] = stages as [(typeof stages)[number]];
    const replicas = stage.replicas.map((block) => ({
      ...block,
      count: 1,
      tp,
      microBatches: 512,
    }));
    const pipelines = [{ stages: [{ ...stage, replicas }], microBatches: 512 }];
    expect(torchtitan.reject(problem, { ...plan, pipelines })?.rule ?? null).toBe(name);
  });

  const batch = (globalBatchSize: number) => ({
    ...MIXED,
    workload: { ...MIXED.workload, globalBatchSize },
  });
  it.each([
    ['1f1b', 'tp=8,pp=4,dp=2', 6, 'at least pp = 4 with 1F1B'],
    ['1f1b', 'tp=8,pp=4,dp=2', 8, null],
    ['gpipe', 'tp=8,pp=4,dp=2', 6, 'at least pp = 4 with GPipe'],
    ['breadth-first', 'tp=8,pp=4,dp=2,vpp=2', 22, null],
    ['interleaved-1f1b', 'tp=8,pp=4,dp=2,vpp=2', 24, null],
  ])('%s, %s: %i sequences', (schedule, degrees, sequences, limit) => {
    const problem = batch(sequences);
    const looped = degrees.includes('vpp');
    const written = planned(problem, `${degrees},sharding=3,schedule=${looped ? 'breadth-first' : 'gpipe'}`);
    const plan = { ...written, schedule };
    expect(torchtitan.reject(problem, plan)?.limit ?? null).toBe(limit);
  });

  it('wants equal rounds of the interleaved schedule', () => {
    const problem = batch(22);
    const written = planned(problem, 'tp=8,pp=4,dp=2,vpp=2,sharding=3,schedule=breadth-first');
    const plan: Plan = { ...written, schedule: 'interleaved-1f1b' };
    expect(torchtitan.reject(problem, plan)).toMatchObject({
      rule: 'schedule-micro-batches',
      actual: '11 micro-batches',
      limit: 'a multiple of the 2 rounds of Interleaved1F1B',
    });
  });

  it('cuts tokens by tp only where sequence parallelism does', () => {
    const problem = { ...DENSE, workload: { ...DENSE.workload, sequenceLength: 4100 } };
    const plan = planned(DENSE, 'tp=8,pp=1,dp=8,cp=1,sharding=3');
    expect(torchtitan.reject(problem, plan)?.rule).toBe('sequence-divisible');
    expect(
      torchtitan.reject(problem, { ...plan, techniques: sequenceParallel.set(plan.techniques, false) }),
    ).toBeNull();
  });

  it('refuses fp8 and models its registry lacks', () => {
    expect(rule({}, { ...MIXED, workload: { ...MIXED.workload, precision: 'fp8' } })).toBe('precision');
    const other = problemOf('mixtral-8x7b', 'dgx-h100-64');
    const legal = planned(other, 'tp=1,pp=1,dp=64,sharding=3');
    expect(torchtitan.reject(other, legal)?.rule).toBe('model-registry');
  });
});
