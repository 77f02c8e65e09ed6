import { describe, expect, it } from 'vitest';
import { deepspeed } from '../../../src/frameworks/deepspeed/index.ts';
import { megatronReader } from '../../../src/frameworks/megatron/reader.ts';
import { megatronBridge } from '../../../src/frameworks/megatron-bridge/index.ts';
import { bridgeReader } from '../../../src/frameworks/megatron-bridge/reader.ts';
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

describe('what is not estimated is said', () => {
  it('torchtitan', () => {
    const text = `
from torchtitan.components.lora import LoRAConverter
def recipe():
    c = llama3_8b()
    c.model_spec = model_registry("8B", converters=[LoRAConverter.Config(rank=8)])
    c.parallelism.tensor_parallel_degree = 2
    return c
`;
    expect(() => titanReader.read(sourceOf(text, 'plan.py')).asked()).toThrow(/LoRAConverter/);
  });

  it('Megatron-LM', () => {
    const words = '--tensor-model-parallel-size 2\n--freeze-all-layers\n--bf16\n';
    expect(megatronReader.read(sourceOf(words, 'arguments.txt')).asked().notes).toEqual([
      '--freeze-all-layers is not estimated: all weights are trained',
    ]);
  });
});
