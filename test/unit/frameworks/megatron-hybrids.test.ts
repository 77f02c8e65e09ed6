import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/input-error.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { LAUNCHERS } from '../../../src/frameworks/index.ts';
import { megatron } from '../../../src/frameworks/megatron/index.ts';
import { megatronReader } from '../../../src/frameworks/megatron/reader.ts';
import { planFrom } from '../../../src/session/launch-file.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { ORIGIN, planned, problemOf, valuesOf } from './fixture.ts';

const textOf = (problem: Problem, plan: Plan) => megatron.render(problem, plan, ORIGIN)[0]!.content;
const ruleOf = (problem: Problem, plan: Plan) => megatron.reject(problem, plan)?.rule ?? null;

/** The plan that a file of arguments states. */
function readBack(problem: Problem, text: string) {
  const file = megatronReader.read(sourceOf(text, 'arguments.txt'));
  expect(file.violations(64)).toEqual([]);
  const opened = {
    path: 'arguments.txt',
    name: 'Megatron-LM',
    launcher: megatron,
    reader: megatronReader,
    file,
    rankMap: null,
  };
  const found = planFrom(opened, file.asked(), '', problem);
  if ('rule' in found) throw new Error(`${found.rule}: ${found.actual}`);
  return found.plan;
}

const NEMOTRON = problemOf('nemotron-h-8b', 'dgx-h100-64');
const SUPER = problemOf('nemotron-3-super-120b-a12b', 'dgx-h100-64');
const NEXT = problemOf('qwen3-next-80b-a3b', 'dgx-h100-64');
const SPARSE = problemOf('deepseek-v3.2', 'h800-2048');
const EXPERTS = 'tp=2,pp=2,dp=16,ep=32,etp=1,micro-batch=1,zero=1';

describe('hybrids for Megatron-LM', () => {
  it('are a pattern of letters, parted where stages are cut', () => {
    const plan = planned(NEMOTRON, 'tp=2,pp=4,dp=8,micro-batch=1,layers=12/13/13/14');
    expect(megatron.reject(NEMOTRON, plan)).toBeNull();
    const text = textOf(NEMOTRON, plan);
    expect(valuesOf(text, '--hybrid-layer-pattern')).toEqual([
      'M-M-M-M*-M-M|-M-M-M*-M-M-M|-M-M*-M-M-M-M|-M*-M-M-M-M-M-',
    ]);
    expect(valuesOf(text, '--mamba-num-heads')).toEqual(['128']);
    expect(valuesOf(text, '--mamba-state-dim')).toEqual(['128']);
    expect(valuesOf(text, '--position-embedding-type')).toEqual(['none']);
    expect(text).toContain('--squared-relu');
    for (const flag of ['--num-layers', '--pipeline-model-parallel-layout'])
      expect(valuesOf(text, flag)).toEqual([]);
    const launch = megatron.render(NEMOTRON, plan, ORIGIN).find(({ path }) => path === 'launch.sh')!;
    expect(launch.content).toContain('pretrain_hybrid.py');
    expect(megatron.notes?.(NEMOTRON, plan).join(' ')).toContain('mamba-ssm');
  });

  it('with experts on latents and a module that predicts by attention and experts', () => {
    const plan = planned(SUPER, EXPERTS);
    expect(megatron.reject(SUPER, plan)).toBeNull();
    const text = textOf(SUPER, plan);
    expect(valuesOf(text, '--hybrid-layer-pattern')[0]).toMatch(/^[ME*]{44}\|[ME*]{44}\/\*E$/);
    expect(valuesOf(text, '--moe-latent-size')).toEqual(['1024']);
    expect(valuesOf(text, '--moe-layer-freq')).toEqual([]);
  });

  it('are plain layers with a variant where attention and MLP stand in one', () => {
    const text = textOf(NEXT, planned(NEXT, EXPERTS));
    expect(valuesOf(text, '--experimental-attention-variant')).toEqual(['gated_delta_net']);
    expect(valuesOf(text, '--linear-attention-freq')).toEqual(['4']);
    expect(text).toContain('--attention-output-gate');
    expect(text).toContain('--qk-layernorm');
    expect(valuesOf(text, '--num-layers')).toEqual(['48']);
    const launch = megatron.render(NEXT, planned(NEXT, EXPERTS), ORIGIN)[1]!;
    expect(launch.content).toContain('pretrain_gpt.py');
    const irregular = { ...NEXT, model: { ...NEXT.model, layers: [...NEXT.model.layers].reverse() } };
    const own = textOf(irregular, planned(irregular, EXPERTS));
    expect(valuesOf(own, '--linear-attention-freq')[0]).toMatch(/^\(\[0,1,1,1,0,/);
  });

  it('say the indexer of sparse attention, and that it takes fused kernels', () => {
    const layers = `4/${new Array(14).fill(4).join('/')}/1`;
    const plan = planned(SPARSE, `tp=2,pp=16,dp=64,ep=32,etp=1,micro-batch=1,zero=1,layers=${layers}`);
    expect(megatron.reject(SPARSE, plan)).toBeNull();
    const text = textOf(SPARSE, plan);
    expect(valuesOf(text, '--experimental-attention-variant')).toEqual(['dsa']);
    expect(valuesOf(text, '--dsa-indexer-topk')).toEqual(['2048']);
    expect(text).toContain('--multi-latent-attention');
  });

  it.each([
    ['Nemotron-H, cut unevenly', NEMOTRON, 'tp=2,pp=4,dp=8,micro-batch=1,layers=12/13/13/14'],
    ['Nemotron-H in virtual stages', NEMOTRON, 'tp=2,pp=4,dp=8,micro-batch=1,vpp=2,recompute=full'],
    ['Nemotron 3 Super', SUPER, EXPERTS],
    ['Qwen3-Next', NEXT, `${EXPERTS},recompute=full`],
  ])('are read back as planned: %s', (_, problem, configuration) => {
    const plan = planned(problem, configuration);
    expect(megatron.reject(problem, plan)).toBeNull();
    expect(readBack(problem, textOf(problem, plan))).toEqual(plan);
  });

  it('counts a pattern as its model is counted, letter by letter or in pairs', () => {
    const cuts = (pattern: string) =>
      megatronReader.read(sourceOf(`--hybrid-layer-pattern ${pattern} --hidden-size 4096`, 'f')).asked().cuts;
    expect(cuts('M-M-|M-*-/MM')).toEqual([
      [4, 4],
      [2, 2],
    ]);
    expect(cuts('M-M*-|M-')).toEqual([[5, 2]]);
    const text = textOf(NEMOTRON, planned(NEMOTRON, 'tp=2,pp=1,dp=32,micro-batch=1'));
    expect(() => readBack({ ...NEXT }, text)).toThrow(InputError);
  });

  it.each([
    ['granite-4.0-h-small', 'model-architecture'],
    ['jamba-v0.1', 'layer-kind'],
    ['falcon-h1-0.5b', 'layer-kind'],
    ['lfm2-1.2b', 'layer-kind'],
  ])('%s is refused by name', (name, rule) => {
    const problem = problemOf(name, 'dgx-h100-64');
    expect(ruleOf(problem, planned(problem, 'tp=1,pp=1,dp=64,micro-batch=1'))).toBe(rule);
  });

  it('refuses what its stack of layers has no word for', () => {
    const edited = (of: Problem, edit: (part: object & { kind: string }) => object): Problem => ({
      ...of,
      model: {
        ...of.model,
        kinds: of.model.kinds.map((kind) => ({
          ...kind,
          mixer: kind.mixer === null ? null : (edit(kind.mixer) as typeof kind.mixer),
        })),
      },
    });
    const whole = 'tp=1,pp=1,dp=64,micro-batch=1';
    const told = (of: Problem) => megatron.reject(of, planned(of, whole))?.actual;
    const attention = (over: object) =>
      edited(NEMOTRON, (part) => (part.kind === 'softmax' ? { ...part, ...over } : part));
    const mixer = (over: object) =>
      edited(NEMOTRON, (part) => (part.kind === 'mamba2' ? { ...part, ...over } : part));
    expect(told(attention({ qkNormParameters: 256 }))).toMatch(/norms of queries and keys/);
    expect(told(attention({ slidingWindow: 512 }))).toMatch(/sliding-window/);
    expect(told(mixer({ norm: false }))).toMatch(/other biases, norm or convolution/);
    const narrow = mixer({ heads: 100, groups: 1 });
    const fp8 = { ...narrow, workload: { ...narrow.workload, precision: 'fp8' as const } };
    expect(told(fp8)).toMatch(/no multiple of 16/);
  });

  it('runs on no other launcher but Bridge, with a program of your own, and in files of ours', () => {
    for (const [problem, configuration] of [
      [NEMOTRON, 'tp=1,pp=1,dp=64,micro-batch=1'],
      [NEXT, 'tp=1,pp=1,dp=64,ep=8,micro-batch=1'],
    ] as const)
      for (const one of LAUNCHERS) {
        const reason = one.reject(problem, planned(problem, configuration));
        if (['megatron', 'megatron-bridge', 'json', 'env'].includes(one.id))
          expect(reason, one.id).toBeNull();
        // Of DeepSpeed the model is the program's.
        else if (one.id !== 'deepspeed' || reason !== null)
          expect(reason?.rule, one.id).toMatch(/^(layer-kind|amd-gpus|experts|model-.*)$/);
      }
  });
});
