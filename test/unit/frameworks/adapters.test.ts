import { describe, expect, it } from 'vitest';
import { deepspeed } from '../../../src/frameworks/deepspeed/index.ts';
import { megatronReader } from '../../../src/frameworks/megatron/reader.ts';
import { megatronBridge } from '../../../src/frameworks/megatron-bridge/index.ts';
import { bridgeReader } from '../../../src/frameworks/megatron-bridge/reader.ts';
import { torchtitan } from '../../../src/frameworks/torchtitan/index.ts';
import { titanReader } from '../../../src/frameworks/torchtitan/reader.ts';
import type { TrainingFlags } from '../../../src/plan-text/training-text.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { withTraining } from '../../fixtures/trained.ts';
import { DENSE, ORIGIN, planned } from './fixture.ts';

const asked = (text: string): TrainingFlags | undefined =>
  bridgeReader.read(sourceOf(text, 'run.sh')).asked().training;

const BRIDGE = 'torchrun scripts/training/run_recipe.py --recipe r model.tensor_model_parallel_size=8';

describe('Megatron-Bridge', () => {
  it('reads adapters from its mode and its fields, with its own defaults', () => {
    expect(asked(BRIDGE)).toBeUndefined();
    expect(asked(`${BRIDGE} --mode pretrain`)).toBeUndefined();
    expect(asked(`${BRIDGE} --mode lora`)).toEqual({
      train: 'lora',
      'lora-rank': '32',
      'lora-modules': 'linear_qkv,linear_proj,linear_fc1,linear_fc2',
      'lora-dropout': '0',
    });
    expect(
      asked(`${BRIDGE} peft.dim=8 'peft.target_modules=["linear_qkv","linear_proj"]' peft.alpha=16`),
    ).toMatchObject({ train: 'lora', 'lora-rank': '8', 'lora-modules': 'linear_qkv,linear_proj' });
    expect(() => asked(`${BRIDGE} --mode dora`)).toThrow(/trains by DoRA/);
  });

  it('adapts what one kernel works out, not parts of it', () => {
    const plan = planned(DENSE, 'tp=8,pp=1,dp=8');
    const apart = withTraining(DENSE, 'lora', { 'lora-modules': 'q,v' });
    const whole = withTraining(DENSE, 'lora', { 'lora-modules': 'qkv,o', 'lora-rank': '16' });
    expect(megatronBridge.reject(apart, plan)).toMatchObject({ rule: 'lora-modules', actual: 'q' });
    expect(megatronBridge.reject(whole, plan)).toBeNull();
    const files = megatronBridge.render(whole, plan, ORIGIN);
    const text = (path: string) => files.find((file) => file.path === path)!.content;
    expect(text('overrides.txt')).toContain(
      'peft.dim=16\npeft.target_modules=[linear_qkv,linear_proj]\npeft.dropout=0\n',
    );
    expect(text('launch.sh')).toMatch(/--recipe "\$\{RECIPE:\?.*--mode lora/);
    expect(megatronBridge.render(DENSE, plan, ORIGIN)[0]!.content).not.toContain('peft');
  });

  it('refuses what is quantised', () => {
    const problem = withTraining(DENSE, 'qlora', { 'lora-modules': 'qkv,o' });
    expect(megatronBridge.reject(problem, planned(DENSE, 'tp=8,pp=1,dp=8'))).toMatchObject({
      rule: 'train',
      actual: '--train qlora',
    });
  });
});

describe('DeepSpeed', () => {
  it('hands adapters and quantisation to the program', () => {
    const problem = withTraining(DENSE, 'qlora', { 'lora-modules': 'q,v', 'lora-rank': '4' });
    const plan = planned(DENSE, 'tp=1,pp=1,dp=64,sharding=3');
    expect(deepspeed.reject(problem, plan)).toBeNull();
    const files = deepspeed.render(problem, plan, ORIGIN);
    const json = (path: string) => JSON.parse(files.find((file) => file.path === path)!.content);
    expect(json('adapter_config.json')).toMatchObject({ r: 4, target_modules: ['q_proj', 'v_proj'] });
    expect(json('quantization_config.json')).toMatchObject({
      bnb_4bit_use_double_quant: true,
      bnb_4bit_quant_storage: 'bfloat16',
    });
    expect(files.find(({ path }) => path === 'launch.sh')!.content).toContain('adapter_config.json');
    const fused = withTraining(DENSE, 'lora', { 'lora-modules': 'qkv' });
    expect(deepspeed.reject(fused, plan)).toMatchObject({ rule: 'lora-modules', actual: 'qkv' });
  });
});

describe('torchtitan', () => {
  const bf16 = (problem: typeof DENSE) => ({
    ...problem,
    workload: { ...problem.workload, optimizerOptions: { master: 'none' } },
  });
  const plan = planned(DENSE, 'tp=8,pp=1,dp=8,sharding=3');
  const recipeOf = (converter: string, dtype = '    c.training.dtype = "bfloat16"\n', flavor = '8B') => `
from torchtitan.components.lora import LoRAConverter
def recipe():
    c = ${flavor === '8B' ? 'llama3_8b' : 'qwen3_30b_a3b'}()
    c.model_spec = model_registry("${flavor}", converters=[LoRAConverter.Config(${converter})])
    c.parallelism.tensor_parallel_degree = 2
${dtype}    return c
`;
  const read = (...given: Parameters<typeof recipeOf>) =>
    titanReader.read(sourceOf(recipeOf(...given), 'plan.py')).asked().training;

  it('writes its converter and reads it back', () => {
    const problem = bf16(
      withTraining(DENSE, 'lora', { 'lora-modules': 'qkv,o,down', 'lora-rank': '16', 'lora-dropout': '0' }),
    );
    expect(torchtitan.reject(problem, plan)).toBeNull();
    const { content } = torchtitan.render(problem, plan, ORIGIN)[0]!;
    expect(content).toContain('from torchtitan.components.lora import LoRAConverter\n');
    expect(content).toContain(
      'model_registry("70B", converters=[LoRAConverter.Config(rank=16, target_modules=["wqkv", "wo", "w2"])])',
    );
    expect(titanReader.read(sourceOf(content, 'plan.py')).asked().training).toEqual({
      train: 'lora',
      'lora-rank': '16',
      'lora-modules': 'qkv,o,down',
      'lora-dropout': '0',
    });
    const whole = torchtitan.render(DENSE, plan, ORIGIN)[0]!.content;
    expect(whole).not.toContain('LoRA');
  });

  it('adapts the head too where no linear is named', () => {
    expect(read('rank=4')).toEqual({
      train: 'lora,head=lora',
      'lora-rank': '4',
      'lora-modules': 'qkv,o,gate,up,down',
      'lora-dropout': '0',
    });
    expect(read('target_modules=["wo"]')).toMatchObject({ train: 'lora', 'lora-rank': '8' });
  });

  it.each([
    [withTraining(DENSE, 'lora', { 'lora-modules': 'q,v' }), 'lora-modules'],
    [withTraining(DENSE, 'lora', { 'lora-modules': 'qkv', 'lora-dropout': '0.1' }), 'lora-dropout'],
    [withTraining(DENSE, 'qlora', { 'lora-modules': 'qkv' }), 'train'],
    [withTraining(DENSE, 'lora,head=lora', { 'lora-modules': 'qkv' }), 'train'],
  ] as const)('refuses what its converter has not (%#)', (problem, rule) => {
    expect(torchtitan.reject(bf16(problem), plan)).toMatchObject({ rule });
  });

  it('holds frozen weights as wide as trained ones', () => {
    const [narrow, wide] = ['lora', 'lora,frozen-weights=fp32'].map((how) =>
      withTraining(DENSE, how, { 'lora-modules': 'qkv' }),
    );
    expect(torchtitan.reject(narrow!, plan)).toMatchObject({ rule: 'frozen-weights' });
    expect(torchtitan.reject(bf16(wide!), plan)).toMatchObject({ rule: 'frozen-weights' });
    expect(torchtitan.reject(wide!, plan)).toBeNull();
    const { content } = torchtitan.render(wide!, plan, ORIGIN)[0]!;
    expect(content).not.toContain('training.dtype');
    const { train } = titanReader.read(sourceOf(content, 'plan.py')).asked().training!;
    expect(train).toBe('lora,frozen-weights=fp32');
    expect(read('rank=8', '')).toMatchObject({ train: 'lora,head=lora,frozen-weights=fp32' });
    expect(deepspeed.reject(wide!, planned(DENSE, 'tp=1,pp=1,dp=64,sharding=3'))).toMatchObject({
      rule: 'frozen-weights',
      actual: 'frozen weights in fp32',
    });
  });

  it.each([
    ['rank=8, target_modules=["wq", "wkv"]', '8B'],
    ['rank=8', '30B-A3B'],
    ['rank=8, target_modules=["w1"]', '30B-A3B'],
  ])('refuses to read %s of %s', (converter, flavor) => {
    expect(() => read(converter, undefined, flavor)).toThrow(/LoRAConverter/);
  });
});

describe('what is not estimated is said', () => {
  it('Megatron-LM', () => {
    const words = '--tensor-model-parallel-size 2\n--freeze-all-layers\n--bf16\n';
    expect(megatronReader.read(sourceOf(words, 'arguments.txt')).asked().notes).toEqual([
      '--freeze-all-layers is not estimated: all weights are trained',
    ]);
  });
});
