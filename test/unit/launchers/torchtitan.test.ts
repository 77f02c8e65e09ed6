import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/domain/plan.ts';
import { torchtitan } from '../../../src/launchers/torchtitan/index.ts';
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
    const plan = { ...planned(DENSE, 'tp=8,pp=1,dp=8,cp=1,sharding=3'), shardGroup: 4 };
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
    ['sharding', { optimizerSharding: 1 }],
    ['schedule', { schedule: { id: 'zb-h1', virtualStages: 1 } }],
    ['virtual-stages', { schedule: { id: 'interleaved-1f1b', virtualStages: 1 } }],
    ['experts', { expertParallel: 2 }],
    ['shard-group', { shardGroup: 3 }],
    ['recompute-module', { recompute: { mode: 'selective', modules: ['mlp'], layersPerStage: null } }],
    ['recompute', { recompute: { mode: 'full', modules: [], layersPerStage: 2 } }],
  ] as [string, Partial<Plan>][])('refuses by %s', (name, changed) => {
    expect(rule(changed)).toBe(name);
  });

  it('refuses fp8 and models its registry lacks', () => {
    expect(rule({}, { ...MIXED, workload: { ...MIXED.workload, precision: 'fp8' } })).toBe('precision');
    const other = problemOf('mixtral-8x7b', 'dgx-h100-64');
    const legal = planned(other, 'tp=1,pp=1,dp=64,sharding=3');
    expect(torchtitan.reject(other, legal)?.rule).toBe('model-registry');
  });
});
