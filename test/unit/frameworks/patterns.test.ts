import { describe, expect, it } from 'vitest';
import type { ModelSpec } from '../../../src/domain/model.ts';
import { deepspeed } from '../../../src/frameworks/deepspeed/index.ts';
import { megatron } from '../../../src/frameworks/megatron/index.ts';
import { patternArguments, unsaidPattern } from '../../../src/frameworks/megatron/layer-patterns.ts';
import { megatronBridge } from '../../../src/frameworks/megatron-bridge/index.ts';
import type { Framework } from '../../../src/frameworks/port/framework.ts';
import { torchtitan } from '../../../src/frameworks/torchtitan/index.ts';
import { softmaxAttention } from '../../../src/layers/mixers/softmax.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { ORIGIN, planned, problemOf, valuesOf } from './fixture.ts';

const { model: LLAMA } = problemOf('llama-3.1-8b', 'dgx-h100-8');
const attention = softmaxAttention(32, 128, { kvHeads: 8 });

/** Layers by the letters: `f` attends to all, `s` slides, `n` attends to all and is not rotated. */
function layered(letters: string, window = 4096): ModelSpec {
  const { ffn } = LLAMA.kinds[0]!;
  const kinds = [
    { name: 'f', mixer: attention, ffn },
    { name: 's', mixer: { ...attention, slidingWindow: window }, ffn },
    { name: 'n', mixer: { ...attention, rope: false }, ffn },
  ];
  return { ...LLAMA, kinds, layers: [...letters].map((one) => 'fsn'.indexOf(one)) };
}

describe('patterns of layers as flags of Megatron', () => {
  it.each([
    ['ffff', ''],
    ['ssss', '--window-size 4095,0'],
    ['sfsf', '--window-size 4095,0 --window-attn-skip-freq 2'],
    ['sssf', '--window-size 4095,0 --window-attn-skip-freq 4'],
    ['fsfs', '--window-size 4095,0 --window-attn-skip-freq [0,1,0,1]'],
    ['sssfs', '--window-size 4095,0 --window-attn-skip-freq [1,1,1,0,1]'],
    ['fffn', '--no-rope-freq 4'],
    ['nfff', '--no-rope-freq [1,0,0,0]'],
    ['sssn', '--window-size 4095,0 --window-attn-skip-freq 4 --no-rope-freq 4'],
  ])('%s is %j', (letters, flags) => {
    expect(patternArguments(layered(letters)).join(' ')).toBe(flags);
    expect(unsaidPattern(layered(letters))).toBeNull();
  });

  it('one window for all: two are refused, and so is other attention', () => {
    const two = layered('sf');
    const other = { name: 'o', mixer: { ...attention, slidingWindow: 512 }, ffn: null };
    expect(unsaidPattern({ ...two, kinds: [...two.kinds, other] })).toBe('windows of 4096 and 512');
    const heads = { name: 'o', mixer: { ...attention, kvHeads: 4 }, ffn: null };
    expect(unsaidPattern({ ...two, kinds: [...two.kinds, heads] })).toBe('layers of different attention');
  });

  it('gpt-oss is told as Megatron-LM’s own script tells it', () => {
    const problem = problemOf('gpt-oss-120b', 'dgx-h100-64');
    const plan = planned(problem, 'tp=1,pp=1,dp=64,ep=8,etp=1,zero=1');
    const text = megatron.render(problem, plan, ORIGIN)[0]!.content;
    for (const [flag, value] of [
      ['--window-size', '127,0'],
      ['--window-attn-skip-freq', '2'],
      ['--softmax-type', 'learnable'],
      ['--glu-linear-offset', '1.0'],
      ['--activation-func-clamp-value', '7.0'],
    ] as const)
      expect(valuesOf(text, flag)).toEqual([value]);
    expect(text).toContain('--quick-geglu\n');
    expect(text).not.toMatch(/--swiglu|--disable-bias-linear/);
  });

  it('sinks exclude context parallelism where no window does', () => {
    const problem = problemOf('gpt-oss-20b', 'dgx-h100-64');
    const kinds = problem.model.kinds.map((kind) => ({
      ...kind,
      mixer: { ...kind.mixer!, slidingWindow: null },
    }));
    const full = { ...problem, model: { ...problem.model, kinds } };
    const plan = planned(full, 'tp=1,pp=1,dp=32,cp=2,ep=8,etp=1,zero=1');
    expect(megatron.reject(full, plan)?.rule).toBe('context-parallel-sinks');
  });

  it.each([
    ['a2a', 1, undefined],
    ['all-gather', 1, 'context-parallel-sinks'],
    // 2 key-value heads on a rank.
    ['a2a', 4, 'context-parallel-heads'],
  ])('gpt-oss with its windows and sinks under cp-comm=%s, tp=%i: %s', (kind, tp, rule) => {
    const problem = problemOf('gpt-oss-20b', 'dgx-h100-64');
    const cp = tp === 1 ? 2 : 4;
    const plan = planned(
      problem,
      `tp=${tp},pp=1,dp=${64 / tp / cp},cp=${cp},ep=8,etp=1,zero=1,cp-comm=${kind}`,
    );
    for (const launcher of [megatron, megatronBridge])
      expect(launcher.reject(problem, plan)?.rule).toBe(rule);
    if (rule !== undefined) return;
    expect(valuesOf(megatron.render(problem, plan, ORIGIN)[0]!.content, '--cp-comm-type')).toEqual(['a2a']);
    const overrides = megatronBridge.render(problem, plan, ORIGIN)[0]!.content;
    expect(overrides).toContain('model.cp_comm_type=a2a\n');
  });

  it('Gemma 2 stays whole in Megatron-Bridge, Gemma 3 is split by heads', () => {
    const rule = (model: string) => {
      const problem = problemOf(model, 'dgx-h100-64');
      return megatronBridge.reject(problem, planned(problem, 'tp=1,pp=1,dp=32,cp=2,zero=3,cp-comm=a2a'))
        ?.rule;
    };
    expect(rule('gemma-2-9b')).toBe('context-parallel');
    expect(rule('gemma-3-27b')).toBeUndefined();
  });

  it('other launchers refuse what their attention has not under context parallelism', () => {
    const rule = (launcher: Framework) => {
      const problem = problemOf('gpt-oss-20b', 'dgx-h100-64', launcher.stack);
      const plan = planned(problem, 'tp=1,pp=1,dp=32,cp=2,ep=1,zero=3,recompute=full');
      return launcher.reject(problem, plan)?.rule;
    };
    expect(rule(torchtitan)).toBe('context-parallel-attention');
    expect(rule(deepspeed)).toBe('ulysses-sinks');
  });
});

describe('models that providers of Megatron-Bridge build', () => {
  const written = (model: string, configuration: string) => {
    const problem = problemOf(model, 'dgx-h100-64');
    const plan = planned(problem, configuration);
    expect(megatronBridge.reject(problem, plan)).toBeNull();
    const files = megatronBridge.render(problem, plan, ORIGIN);
    return (path: string) => files.find((one) => one.path === path)?.content;
  };

  it.each(['gemma-2-9b', 'gemma-3-27b', 'minimax-m2.5', 'gpt-oss-20b', 'deepseek-v2-lite'])('%s', (model) => {
    const file = written(model, 'tp=1,pp=1,dp=64,zero=3');
    const overrides = file('overrides.txt')!;
    expect(overrides).toMatch(/^model\.num_layers=\d+$/m);
    // Left to the provider.
    expect(overrides).not.toMatch(/gated_linear_unit|normalization|position_embedding|qk_layernorm|add_bias/);
    expect(overrides).toContain('model.make_vocab_size_divisible_by=128\n');
    expect(file('pretrain.py')).toContain(
      'AutoBridge.from_hf_pretrained(model).to_megatron_provider(load_weights=False)',
    );
    expect(file('launch.sh')).toMatch(/HF_MODEL:\?/);
    expect(megatronBridge.reader!.read(sourceOf(overrides, 'overrides.txt')).violations(64)).toEqual([]);
  });

  it('hybrids with the pattern that is cut, and no virtual stages', () => {
    const problem = problemOf('nemotron-h-8b', 'dgx-h100-64');
    const file = written('nemotron-h-8b', 'tp=2,pp=4,dp=8,micro-batch=1,layers=12/13/13/14');
    const overrides = file('overrides.txt')!;
    expect(overrides).toContain(
      'model.hybrid_layer_pattern="M-M-M-M*-M-M|-M-M-M*-M-M-M|-M-M*-M-M-M-M|-M*-M-M-M-M-M-"\n',
    );
    expect(file('pretrain.py')).toBeDefined();
    const read = megatronBridge.reader!.read(sourceOf(overrides, 'overrides.txt'));
    expect(read.violations(64)).toEqual([]);
    expect(read.asked(64).cuts?.[0]).toEqual([12, 13, 13, 14]);
    const folded = planned(problem, 'tp=2,pp=4,dp=8,micro-batch=1,vpp=2');
    expect(megatronBridge.reject(problem, folded)?.rule).toBe('virtual-stages');
    const next = written('qwen3-next-80b-a3b', 'tp=2,pp=2,dp=16,ep=32,etp=1,micro-batch=1,zero=1');
    expect(next('overrides.txt')).toContain('model.num_moe_experts=512\n');
    expect(next('pretrain.py')).toBeDefined();
  });

  it('what the plain recipe can be told stays with it', () => {
    const file = written('llama-3.1-8b', 'tp=1,pp=1,dp=64,zero=1');
    expect(file('pretrain.py')).toBeUndefined();
    expect(file('launch.sh')).toContain('--recipe vanilla_gpt_pretrain_config');
  });

  it.each([
    [
      'a window on other layers than the provider has',
      { layers: (all: readonly number[]) => [...all].reverse() },
    ],
    ['what was not read from a config', { modelType: () => undefined }],
    ['a tower before it', { towers: () => [{ name: 'vision', kind: 'siglip', weights: null }] }],
  ] as const)('not with %s', (_, change) => {
    const problem = problemOf('gemma-2-9b', 'dgx-h100-64');
    const [[key, of]] = Object.entries(change) as [[keyof ModelSpec, (value: never) => unknown]];
    const model = { ...problem.model, [key]: of(problem.model[key] as never) } as ModelSpec;
    expect(megatronBridge.excludes!({ ...problem, model })?.rule).toBe('model-architecture');
  });

  it('rest on what is said among the assumptions', () => {
    const problem = problemOf('minimax-m2.5', 'dgx-h100-64');
    const rests = (configuration: string) =>
      megatronBridge.restsOn!(problem, planned(problem, configuration));
    expect(rests('tp=1,pp=1,dp=64,zero=3')).toEqual([]);
    expect(rests('tp=4,pp=1,dp=16,zero=3').join()).toContain('norms over all heads');
  });
});
