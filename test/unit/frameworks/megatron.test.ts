import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/domain/plan.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { megatron } from '../../../src/frameworks/megatron/index.ts';
import { recompute, selective } from '../../../src/techniques/recompute.ts';
import { vocabularyParallel } from '../../../src/techniques/vocabulary-parallel.ts';
import { DENSE, inTwo, MIXED, ORIGIN, planned, problemOf, valuesOf } from './fixture.ts';

const UNEVEN = planned(
  MIXED,
  'tp=8,pp=4,dp=2,cp=1,vpp=1,micro-batch=1,recompute=none,sharding=1,layers=28/28/12/12',
);

function file(problem: Problem, plan: Plan, path: string): string {
  const found = megatron.render(problem, plan, ORIGIN).find((one) => one.path === path);
  return found?.content ?? '';
}
const argumentsOf = (problem: Problem, plan: Plan) => file(problem, plan, 'arguments.txt');

describe('megatron arguments', () => {
  it('writes uneven layers as a pipeline layout, embedding first and loss last', () => {
    expect(valuesOf(argumentsOf(MIXED, UNEVEN), '--pipeline-model-parallel-layout')).toEqual([
      'Et*28|t*28|t*12|t*12,L',
    ]);
  });

  it('needs no layout for even layers and counts virtual stages instead', () => {
    const plan = planned(DENSE, 'tp=4,pp=4,cp=2,dp=2,vpp=5,micro-batch=1,recompute=none,sharding=1');
    const text = argumentsOf(DENSE, plan);
    expect(valuesOf(text, '--pipeline-model-parallel-layout')).toEqual([]);
    expect(valuesOf(text, '--num-virtual-stages-per-pipeline-rank')).toEqual(['5']);
    expect(valuesOf(text, '--context-parallel-size')).toEqual(['2']);
    expect(text).toContain('--sequence-parallel\n');
  });

  it('describes Llama 3.1 70B as the published example does', () => {
    const text = argumentsOf(DENSE, planned(DENSE, 'tp=8,pp=4,dp=2,sharding=1'));
    const expected = {
      '--num-layers': '80',
      '--hidden-size': '8192',
      '--ffn-hidden-size': '28672',
      '--num-attention-heads': '64',
      '--num-query-groups': '8',
      '--seq-length': '8192',
      '--normalization': 'RMSNorm',
      '--position-embedding-type': 'rope',
      '--tensor-model-parallel-size': '8',
      '--pipeline-model-parallel-size': '4',
      '--micro-batch-size': '1',
      '--global-batch-size': '512',
    };
    for (const [flag, value] of Object.entries(expected)) expect(valuesOf(text, flag), flag).toEqual([value]);
    for (const flag of [
      '--swiglu',
      '--disable-bias-linear',
      '--untie-embeddings-and-output-weights',
      '--bf16',
    ])
      expect(text.split('\n')).toContain(flag);
  });

  it('writes dense and expert layers, the expert grid and its dispatcher', () => {
    const problem = problemOf('deepseek-v3', 'dgx-h100-512');
    const plan = planned(problem, 'tp=1,pp=16,dp=32,ep=32,etp=1,sharding=1,micro-batch=1');
    const text = argumentsOf(problem, plan);
    expect(valuesOf(text, '--moe-layer-freq')).toEqual(['([0]*3+[1]*58)']);
    expect(valuesOf(text, '--expert-model-parallel-size')).toEqual(['32']);
    expect(valuesOf(text, '--expert-tensor-parallel-size')).toEqual(['1']);
    expect(valuesOf(text, '--moe-router-topk')).toEqual(['8']);
    expect(text).toContain('--multi-latent-attention\n');
    expect(text).not.toContain('--group-query-attention');
  });

  it.each([
    [0, ['--overlap-grad-reduce'], ['--use-distributed-optimizer']],
    [1, ['--use-distributed-optimizer', '--overlap-param-gather'], ['--use-megatron-fsdp']],
    [3, ['--use-megatron-fsdp', 'optim_grads_params', 'fsdp_dtensor'], []],
  ])('writes optimizer sharding %i', (sharding, present, absent) => {
    const lines = argumentsOf(DENSE, planned(DENSE, `tp=8,pp=1,dp=8,sharding=${sharding}`)).split('\n');
    expect(lines).toEqual(expect.arrayContaining(present));
    for (const word of absent) expect(lines).not.toContain(word);
  });

  it('gives method and count to full recomputation only', () => {
    const full = argumentsOf(DENSE, planned(DENSE, 'tp=8,pp=4,dp=2,recompute=full'));
    expect(valuesOf(full, '--recompute-method')).toEqual(['uniform']);
    const selective = argumentsOf(DENSE, planned(DENSE, 'tp=8,pp=4,dp=2,recompute=core_attn+mlp'));
    expect(valuesOf(selective, '--recompute-modules')).toEqual(['core_attn', 'mlp']);
    expect(valuesOf(selective, '--recompute-method')).toEqual([]);
  });
});

describe('megatron launch script', () => {
  it('lists hosts in stage order and starts them with a static rendezvous', () => {
    const script = file(MIXED, UNEVEN, 'launch.sh');
    const hosts = script
      .split('HOSTS=(\n')[1]
      ?.split('\n)')[0]
      ?.split('\n')
      .map((line) => line.trim());
    expect(hosts).toEqual(
      [0, 1, 2, 3].map((n) => `h100-${n}`).concat([0, 1, 2, 3].map((n) => `a100-40-${n}`)),
    );
    expect(script).toContain('--nnodes 8 --nproc-per-node 8 --node-rank "$NODE_RANK"');
    expect(script).not.toContain('rdzv');
  });

  it('follows the stages, not the file, when the plan starts on the second group', () => {
    const [a, b, c, d] = UNEVEN.pipelines[0]!.stages;
    const turned = { ...UNEVEN, pipelines: [{ ...UNEVEN.pipelines[0]!, stages: [c!, d!, a!, b!] }] };
    const hosts = file(MIXED, turned, 'launch.sh').split('HOSTS=(\n')[1] ?? '';
    expect(hosts.indexOf('a100-40-0')).toBeLessThan(hosts.indexOf('h100-0'));
  });

  it('follows the node order of a placed plan', () => {
    const placed = { ...UNEVEN, nodeOrder: [3, 2, 1, 0, 4, 5, 6, 7] };
    const hosts = file(MIXED, placed, 'launch.sh').split('HOSTS=(\n')[1] ?? '';
    expect(hosts.indexOf('h100-3')).toBeLessThan(hosts.indexOf('h100-0'));
  });

  it('sets one device connection for tensor parallelism before Blackwell, never with FSDP', () => {
    const variable = 'CUDA_DEVICE_MAX_CONNECTIONS=1';
    const plain = planned(DENSE, 'tp=8,pp=4,dp=2,sharding=1');
    expect(file(DENSE, plain, 'launch.sh')).toContain(variable);
    const sharded = planned(DENSE, 'tp=8,pp=1,dp=8,sharding=3');
    expect(file(DENSE, sharded, 'launch.sh')).not.toContain(variable);
    const newer = problemOf('llama-3.1-70b', 'dgx-b200-64');
    expect(file(newer, planned(newer, 'tp=8,pp=4,dp=2,sharding=1'), 'launch.sh')).not.toContain(variable);
  });
});

describe('megatron rules', () => {
  const plan = planned(DENSE, 'tp=8,pp=4,dp=2,cp=1,sharding=1');
  const rule = (changed: Partial<Plan>, problem = DENSE) =>
    megatron.reject(problem, { ...plan, ...changed })?.rule ?? null;
  const [first, ...rest] = plan.pipelines[0]!.stages;
  const block = first!.replicas[0]!;
  const withFirst = (replica: Partial<typeof block>) => ({
    pipelines: [
      { ...plan.pipelines[0]!, stages: [{ ...first!, replicas: [{ ...block, ...replica }] }, ...rest] },
    ],
  });

  const inThrees = plan.pipelines[0]!.stages.map((stage) => ({ ...stage, microBatchSize: 3 }));

  it('accepts the plan that the others are made from', () => {
    expect(rule({})).toBeNull();
  });

  it.each([
    ['one-tensor-parallel-size', withFirst({ tp: 4, count: 4 })],
    ['one-data-parallel-size', withFirst({ count: 1 })],
    ['equal-micro-batches', withFirst({ microBatches: 12 })],
    ['schedule', planned(DENSE, 'tp=8,pp=4,dp=2,vpp=2,cp=1,sharding=1,schedule=zb-v')],
    ['experts', { dims: { ...plan.dims, ep: 2 } }],
    ['batch-divisible', { pipelines: [{ ...plan.pipelines[0]!, stages: inThrees }] }],
    ['dp-replicate', { dims: { ...plan.dims, dpReplicate: 3 } }],
    ['recompute-module', { techniques: recompute.set(plan.techniques, selective('op')) }],
    ['recompute-module', { techniques: recompute.set(plan.techniques, selective('moe_act')) }],
    ['vocabulary', { techniques: vocabularyParallel.set(plan.techniques, 'vocab-1') }],
    ['one-micro-batch-size', { pipelines: [{ ...plan.pipelines[0]!, stages: [inThrees[0]!, ...rest] }] }],
    ['one-pipeline-shape', inTwo(plan)],
  ] as [string, Partial<Plan>][])('refuses by %s', (name, changed) => {
    expect(rule(changed)).toBe(name);
  });

  it('refuses an expert grid that does not tile a stage, which its own parser lets through', () => {
    const problem = problemOf('mixtral-8x7b', 'dgx-h100-64');
    const moe = planned(problem, 'tp=8,pp=4,dp=2,ep=8,etp=1,sharding=1');
    expect(megatron.reject(problem, moe)).toBeNull();
    const odd = { ...moe, dims: { ...moe.dims, etp: 4 } };
    expect(megatron.reject(problem, odd)?.rule).toBe('expert-grid');
  });

  it('refuses interleaving with micro-batches that are no multiple of the depth', () => {
    const small = { ...DENSE, workload: { ...DENSE.workload, globalBatchSize: 12 } };
    const looped = planned(DENSE, 'tp=8,pp=4,dp=2,vpp=2,sharding=1');
    const stages = looped.pipelines[0]!.stages.map((s) => ({
      ...s,
      replicas: s.replicas.map((b) => ({ ...b, microBatches: 6 })),
    }));
    const odd = { ...looped, pipelines: [{ stages, microBatches: 12 }] };
    expect(megatron.reject(small, odd)?.rule).toBe('interleaved-micro-batches');
  });

  it('refuses two vendors in one job', () => {
    const problem = problemOf('llama-3.1-70b', 'h100-plus-mi300x');
    const stages = problem.cluster.groups.map((group, i) => ({
      chunks: [{ first: 40 * i, end: 40 * (i + 1) }],
      microBatchSize: first!.microBatchSize,
      replicas: [{ ...block, group: group.index, firstDevice: group.firstDevice }],
    }));
    expect(rule({ pipelines: [{ stages, microBatches: 512 }] }, problem)).toBe('one-vendor');
  });

  it.each(['gpt-neox-20b', 'gemma-2-27b', 'minimax-m2.5'])('refuses the architecture of %s', (model) => {
    const problem = problemOf(model, 'dgx-h100-64');
    const legal = planned(problem, 'tp=1,pp=1,dp=64,sharding=1');
    expect(megatron.reject(problem, legal)?.rule).toBe('model-architecture');
  });
});
