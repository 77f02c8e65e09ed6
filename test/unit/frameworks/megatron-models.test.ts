import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/domain/plan.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { megatron } from '../../../src/frameworks/megatron/index.ts';
import { megatronReader } from '../../../src/frameworks/megatron/reader.ts';
import { megatronBridge } from '../../../src/frameworks/megatron-bridge/index.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { DENSE, ORIGIN, planned, problemOf, valuesOf } from './fixture.ts';

const file = (problem: Problem, plan: Plan, path: string, launcher = megatron) =>
  launcher.render(problem, plan, ORIGIN).find((one) => one.path === path)?.content ?? '';
const argumentsOf = (problem: Problem, plan: Plan) => file(problem, plan, 'arguments.txt');
const at = (problem: Problem, precision: Problem['workload']['precision']): Problem => ({
  ...problem,
  workload: { ...problem.workload, precision },
});
const BLACKWELL = problemOf('llama-3.1-70b', 'dgx-b200-64');
const MIXTRAL = problemOf('mixtral-8x7b', 'dgx-h100-64');
const EXPERTS = planned(MIXTRAL, 'tp=8,pp=4,dp=2,ep=8,etp=1,sharding=1');

describe('what a model is told as', () => {
  it('say the room of experts, and are read with it', () => {
    const on = problemOf('mixtral-8x7b', 'dgx-h100-64');
    const roomy = { ...on, workload: { ...on.workload, routing: { capacity: 1.25 } } };
    const [file] = megatron.render(roomy, planned(on, 'tp=1,pp=2,dp=32,ep=8,micro-batch=1'), ORIGIN);
    expect(valuesOf(file!.content, '--moe-expert-capacity-factor')).toEqual(['1.25']);
    const read = megatron.reader!.read(sourceOf(file!.content, 'arguments.txt')).asked(64);
    expect(read.routing).toBe('capacity=1.25');
  });

  it('latent attention keeps its norms', () => {
    const problem = problemOf('deepseek-v3', 'dgx-h100-512');
    const plan = planned(problem, 'tp=1,pp=16,dp=32,ep=32,etp=1,sharding=1,micro-batch=1');
    expect(argumentsOf(problem, plan).split('\n')).toContain('--qk-layernorm');
  });

  it('one expert a token takes its softmax before the choice', () => {
    const kinds = MIXTRAL.model.kinds.map((kind) => ({ ...kind, ffn: { ...kind.ffn!, topK: 1 } }));
    const one = { ...MIXTRAL, model: { ...MIXTRAL.model, kinds } };
    expect(argumentsOf(one, EXPERTS)).toContain('--moe-router-pre-softmax\n');
    expect(argumentsOf(MIXTRAL, EXPERTS)).not.toContain('--moe-router-pre-softmax');
  });

  it('what no model here says is named in the script', () => {
    expect(file(MIXTRAL, EXPERTS, 'launch.sh')).toContain(
      '# Data, tokenizer, learning rate, norm epsilon, rotary base, rotary percent, rope scaling, router groups, router scaling and router losses are yours',
    );
    const gpt = problemOf('megatron-18b', 'dgx-h100-64');
    expect(file(gpt, planned(gpt, 'tp=8,dp=8,sharding=1'), 'launch.sh')).toContain(
      '# Data, tokenizer, learning rate and norm epsilon are yours',
    );
  });

  it.each(['olmo-2-7b', 'minimax-m2.5'])('refuses the norms of %s', (model) => {
    const problem = problemOf(model, 'dgx-h100-64');
    const reason = megatron.reject(problem, planned(problem, 'tp=1,pp=1,dp=64,sharding=1'));
    expect(reason?.rule).toBe('model-architecture');
    expect(reason?.actual).toMatch(/norms/);
  });
});

describe('what a plan is told as', () => {
  it.each([
    ['alltoall', 'tp=8,pp=4,dp=2,ep=8,etp=1', ['alltoall'], []],
    ['hybridep', 'tp=8,pp=4,dp=2,ep=8,etp=1', ['flex'], ['hybridep']],
    // The flexible dispatcher takes several GPUs.
    ['deepep', 'tp=8,pp=4,dp=2,ep=1,etp=1', ['alltoall'], []],
  ] as const)('dispatcher %s of %s', (moeDispatcher, configuration, type, backend) => {
    const problem = { ...MIXTRAL, stack: { ...MIXTRAL.stack, moeDispatcher } };
    const text = argumentsOf(problem, planned(problem, `${configuration},sharding=1`));
    expect(valuesOf(text, '--moe-token-dispatcher-type')).toEqual(type);
    expect(valuesOf(text, '--moe-flex-dispatcher-backend')).toEqual(backend);
  });

  it.each([2, 3])('sharding %i builds on the meta device, and lets no variable forbid it', (sharding) => {
    const plan = planned(DENSE, `tp=8,pp=1,dp=8,sharding=${sharding}`);
    expect(argumentsOf(DENSE, plan)).toContain('--init-model-with-meta-device\n');
    expect(file(DENSE, plan, 'launch.sh')).toContain('\nunset CUDA_DEVICE_MAX_CONNECTIONS\n');
    expect(file(DENSE, plan, 'overrides.txt', megatronBridge)).toContain(
      'model.init_model_with_meta_device=true\n',
    );
  });

  it.each(['bf16', 'fp16', 'fp8', 'mxfp8', 'nvfp4'] as const)('%s is read back from either', (precision) => {
    // A Hopper has neither block-scaled format.
    const on = precision === 'mxfp8' || precision === 'nvfp4' ? BLACKWELL : DENSE;
    const problem = at(on, precision);
    const plan = planned(problem, 'tp=8,pp=4,dp=2,sharding=1,recompute=core_attn+layernorm');
    expect(megatron.reject(problem, plan)).toBeNull();
    for (const [launcher, path] of [
      [megatron, 'arguments.txt'],
      [megatronBridge, 'overrides.txt'],
    ] as const) {
      const text = file(problem, plan, path, launcher);
      const read = launcher.reader!.read(sourceOf(text, path));
      expect(read.asked().precision).toBe(precision);
      expect(read.violations(64)).toEqual([]);
    }
  });
});

describe('weights in fp8', () => {
  const fp8 = at(DENSE, 'fp8');

  it('are gathered so, and read back', () => {
    const plan = planned(fp8, 'tp=8,pp=4,dp=2,sharding=1,fp8-weights=true');
    expect(megatron.reject(fp8, plan)).toBeNull();
    const read = megatron.reader!.read(sourceOf(file(fp8, plan, 'arguments.txt', megatron), 'arguments.txt'));
    expect(read.asked().configuration).toMatchObject({ 'fp8-weights': 'true', zero: '1' });
    expect(read.violations(64)).toEqual([]);
  });

  it('need sharded states, and another framework has none', () => {
    const plan = planned(fp8, 'tp=8,pp=4,dp=2,sharding=0,fp8-weights=true');
    expect(megatron.reject(fp8, plan)).toMatchObject({ rule: 'fp8-weights' });
    const sharded = planned(fp8, 'tp=8,pp=4,dp=2,sharding=1,fp8-weights=true');
    expect(megatronBridge.reject(fp8, sharded)).toMatchObject({ rule: 'fp8-weights' });
  });

  it('with a scale for each block are said not to be estimated', () => {
    const text = '--num-layers 8 --bf16 --fp8-format e4m3 --fp8-recipe mxfp8 --fp8-param-gather';
    expect(megatron.reader!.read(sourceOf(text)).asked().notes?.join()).toContain(
      'held and gathered in 16 bits',
    );
  });
});

describe('plans it cannot run', () => {
  const rule = (problem: Problem, plan: Plan) => megatron.reject(problem, plan)?.rule ?? null;

  it('experts in fp16', () => expect(rule(at(MIXTRAL, 'fp16'), EXPERTS)).toBe('expert-precision'));

  it('more sets of shards than experts have copies', () => {
    const inSets = (plan: Plan, dpReplicate: number) => ({ ...plan, dims: { ...plan.dims, dpReplicate } });
    expect(rule(MIXTRAL, inSets(EXPERTS, 2))).toBeNull();
    const wide = planned(MIXTRAL, 'tp=2,pp=4,dp=8,ep=8,etp=1,sharding=1');
    expect(rule(MIXTRAL, inSets(wide, 2))).toBeNull();
    expect(rule(MIXTRAL, inSets(wide, 4))).toBe('dp-replicate');
  });

  it('some layers of a stage recomputed, over several chunks', () => {
    const plan = planned(DENSE, 'tp=8,pp=4,dp=2,vpp=2,sharding=1,recompute=full,recompute-layers=4');
    expect(rule(DENSE, plan)).toBe('recompute-layers');
    const whole = planned(DENSE, 'tp=8,pp=4,dp=2,vpp=2,sharding=1,recompute=full');
    expect(rule(DENSE, whole)).toBeNull();
    const text = argumentsOf(DENSE, whole);
    expect(megatronReader.read(sourceOf(text)).violations(64)).toEqual([]);
  });
});
