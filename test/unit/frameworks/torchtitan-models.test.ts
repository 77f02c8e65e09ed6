import { describe, expect, it } from 'vitest';
import type { LayerPart, ModelSpec } from '../../../src/domain/model.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { torchtitan } from '../../../src/frameworks/torchtitan/index.ts';
import { MODELS, titanModelOf } from '../../../src/frameworks/torchtitan/registry.ts';
import { planFrom } from '../../../src/session/launch-file.ts';
import { zero } from '../../../src/techniques/zero.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { ORIGIN, planned, problemOf } from './fixture.ts';

const text = (problem: Problem, plan: Plan) => torchtitan.render(problem, plan, ORIGIN)[0]!.content;

/** The plan that the emitted file says. */
function back(problem: Problem, plan: Plan): Plan {
  const reader = torchtitan.reader!;
  const file = reader.read(sourceOf(text(problem, plan), 'plan.py'));
  expect(file.violations(null)).toEqual([]);
  const opened = { path: 'plan.py', name: 'torchtitan', launcher: torchtitan, reader, file, rankMap: null };
  const found = planFrom(opened, file.asked(), '', problem);
  if ('rule' in found) throw new Error(`${found.rule}: ${found.actual}`);
  return found.plan;
}

describe('models of torchtitan', () => {
  it.each([
    ['llama-3.1-8b', 'llama3', '8B'],
    ['llama-3-70b', 'llama3', '70B'],
    ['llama-3.1-405b', 'llama3', '405B'],
    ['qwen3-8b', 'qwen3', '8B'],
    ['qwen3-32b', 'qwen3', '32B'],
    ['qwen3-30b-a3b', 'qwen3', '30B-A3B'],
    ['qwen3-235b-a22b', 'qwen3', '235B-A22B'],
    ['gpt-oss-20b', 'gpt_oss', '20b'],
    ['gpt-oss-120b', 'gpt_oss', '120b'],
  ])('%s is %s %s', (preset, family, flavor) => {
    expect(titanModelOf(problemOf(preset, 'dgx-h100-64').model)).toMatchObject({ family, flavor });
  });

  it.each(['qwen2.5-7b', 'llama-2-7b', 'llama-3.2-1b', 'mixtral-8x7b', 'deepseek-v3', 'minimax-m2.5'])(
    '%s is none of them',
    (preset) => expect(titanModelOf(problemOf(preset, 'dgx-h100-64').model)).toBeNull(),
  );

  const { model } = problemOf('qwen3-8b', 'dgx-h100-64');
  const [kind] = model.kinds as [ModelSpec['kinds'][number]];
  const withKind = (changed: object): ModelSpec => ({ ...model, kinds: [{ ...kind, ...changed }] });
  it.each([
    ['vocabulary', { ...model, vocabSize: 151643 }],
    ['family', { ...model, family: 'llama' }],
    ['tying', { ...model, tiedEmbeddings: true }],
    ['layers', { ...model, layers: model.layers.slice(1) }],
    ['width', { ...model, hiddenSize: 4608 }],
    ['key-value heads', withKind({ mixer: { ...kind.mixer, kvHeads: 4 } })],
    ['norms of q and k', withKind({ mixer: { ...kind.mixer, qkNormParameters: 0 } })],
    ['biases', withKind({ mixer: { ...kind.mixer, qkvBias: true } })],
    ['MLP width', withKind({ ffn: { ...kind.ffn, ffnHiddenSize: 12289 } })],
    ['MTP', { ...model, mtpLayers: 1 }],
  ] as [string, ModelSpec][])('are told apart by %s', (_, spec) => expect(titanModelOf(spec)).toBeNull());

  it('have a base function each', () => {
    for (const { base } of MODELS) expect(base).toMatch(/^(llama3|qwen3|gpt_oss)_[0-9a-z_]+$/);
  });
});

describe('recipes of Qwen3', () => {
  it('take another flavor’s function where theirs has none', () => {
    const problem = problemOf('qwen3-8b', 'dgx-h100-64', 'torch-fsdp2');
    const content = text(problem, planned(problem, 'tp=8,pp=2,dp=4,sharding=3'));
    for (const line of [
      'from torchtitan.models.qwen3 import model_registry',
      'from torchtitan.models.qwen3.config_registry import qwen3_14b',
      'c.model_spec = model_registry("8B")',
      'c.hf_assets_path = "./assets/hf/Qwen3-8B"',
    ])
      expect(content).toContain(line);
    expect(content).not.toContain('expert_parallel');
  });

  it('and their own where it has', () => {
    const problem = problemOf('qwen3-32b', 'dgx-h100-64', 'torch-fsdp2');
    const content = text(problem, planned(problem, 'tp=8,pp=2,dp=4,sharding=3'));
    expect(content).toContain('c = qwen3_32b()');
    expect(content).not.toMatch(/model_registry|hf_assets/);
  });

  it('turn CUDA graphs off with expert parallelism', () => {
    const problem = problemOf('qwen3-30b-a3b', 'dgx-h100-64', 'torch-fsdp2');
    const content = text(problem, planned(problem, 'tp=1,pp=1,dp=64,ep=8,sharding=3'));
    expect(content).toContain('p.expert_parallel_degree = 8');
    expect(content).toContain('disable_cuda_graphs = True  # required with expert parallelism');
    expect(text(problem, planned(problem, 'tp=1,pp=1,dp=64,sharding=3'))).not.toContain('cuda_graphs');
  });
});

describe('what is emitted is read as it was', () => {
  it.each([
    ['llama-3.1-8b', 'tp=1,pp=1,dp=64,micro-batch=2,sharding=2'],
    ['llama-3.1-70b', 'tp=8,pp=4,dp=2,sharding=3,recompute=full'],
    ['llama-3.1-70b', 'tp=4,pp=4,dp=4,vpp=2,sharding=3,sp=false'],
    ['llama-3.1-405b', 'tp=8,pp=1,dp=8,sharding=3'],
    ['qwen3-8b', 'tp=8,pp=2,dp=4,sharding=3,recompute=op'],
    ['qwen3-8b', 'tp=1,pp=1,dp=32,cp=2,sharding=3,shard-groups=4'],
    ['qwen3-32b', 'tp=8,pp=4,dp=2,sharding=0,recompute=full'],
    ['qwen3-30b-a3b', 'tp=1,pp=1,dp=64,ep=8,sharding=3'],
    ['qwen3-30b-a3b', 'tp=4,pp=2,dp=8,ep=4,sharding=3'],
    ['qwen3-30b-a3b', 'tp=2,pp=2,dp=16,ep=16,sharding=3,shard-groups=2,recompute=full'],
    ['qwen3-235b-a22b', 'tp=4,pp=2,dp=8,ep=8,sharding=3'],
  ])('%s: %s', (preset, configuration) => {
    const problem = problemOf(preset, 'dgx-h100-64', 'torch-fsdp2');
    const plan = planned(problem, configuration);
    expect(torchtitan.reject(problem, plan)).toBeNull();
    expect(estimate(problem, back(problem, plan))).toEqual(estimate(problem, plan));
  });
});

describe('rules of experts', () => {
  const problem = problemOf('qwen3-30b-a3b', 'dgx-h100-64', 'torch-fsdp2');
  const plan = planned(problem, 'tp=2,pp=1,dp=32,ep=8,sharding=3');
  it.each([
    [null, {}],
    ['expert-tensor-parallel', { dims: { ...plan.dims, etp: 2 } }],
    ['expert-tensor-parallel', { dims: { ...plan.dims, ep: 1 } }],
    ['experts-divisible-by-ep', { dims: { ...plan.dims, ep: 3 } }],
    ['expert-grid', { techniques: zero.set(plan.techniques, 0) }],
    ['expert-grid', { dims: { ...plan.dims, dpReplicate: 16 } }],
  ] as [string | null, Partial<Plan>][])('%s', (rule, changed) => {
    expect(torchtitan.reject(problem, { ...plan, ...changed })?.rule ?? null).toBe(rule);
  });

  it('tied embeddings exclude a pipeline', () => {
    const llama = problemOf('qwen3-8b', 'dgx-h100-64');
    const small = titanModelOf(llama.model)!;
    const tiny = MODELS.find(({ flavor }) => flavor === '1.7B')!;
    const [kind] = llama.model.kinds as [ModelSpec['kinds'][number]];
    const spec = {
      ...llama.model,
      hiddenSize: tiny.hiddenSize,
      layers: llama.model.layers.slice(small.layers - tiny.layers),
      tiedEmbeddings: true,
      kinds: [
        {
          ...kind,
          mixer: { ...kind.mixer, heads: tiny.heads } as LayerPart,
          ffn: { ...kind.ffn, ffnHiddenSize: tiny.ffnHiddenSize } as LayerPart,
        },
      ],
    };
    const tied = { ...llama, model: spec };
    expect(torchtitan.reject(tied, planned(tied, 'tp=1,pp=1,dp=64,sharding=3'))).toBeNull();
    expect(torchtitan.reject(tied, planned(tied, 'tp=1,pp=2,dp=32,sharding=3'))?.rule).toBe(
      'tied-embeddings',
    );
  });
});
