import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/input-error.ts';
import { launcherOf } from '../../../src/frameworks/index.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { dense, FIRST, FULL, LAST, LAYOUT, PER_VIRTUAL, SELECTIVE, VIRTUAL } from './megatron-arguments.ts';

const read = (id: string, text: string) => launcherOf(id)!.reader!.read(sourceOf(text));
const configured = (changed: Readonly<Record<string, string | null>>) =>
  read('megatron', dense(changed)).asked().configuration;

describe('precision', () => {
  it.each([
    [{ 'fp8-format': 'hybrid' }, 'fp8'],
    [{ 'fp8-format': 'hybrid', 'fp8-recipe': 'delayed' }, 'fp8'],
    [{ 'fp8-format': 'e4m3', 'fp8-recipe': 'tensorwise' }, 'fp8'],
    [{ 'fp8-format': 'e4m3', 'fp8-recipe': 'mxfp8' }, 'mxfp8'],
    [{ 'fp4-format': 'e2m1' }, 'nvfp4'],
    [{ bf16: null, fp16: '' }, 'fp16'],
    [{ bf16: null }, 'fp32'],
  ])('%j is %s', (changed, precision) =>
    expect(read('megatron', dense(changed)).asked().precision).toBe(precision),
  );

  it('of blocks is not passed off as another', () => {
    const asked = () => read('megatron', dense({ 'fp8-format': 'e4m3', 'fp8-recipe': 'blockwise' })).asked();
    expect(asked).toThrow(InputError);
    expect(asked).toThrow(/--fp8-recipe blockwise is no precision/);
  });
});

describe('recomputation', () => {
  const block = (layers: number, more = {}) =>
    configured({ ...FULL, 'recompute-method': 'block', 'recompute-num-layers': String(layers), ...more });

  it.each([
    [{ 'recompute-activations': '' }, 'core_attn'],
    [{ 'moe-layer-recompute': '' }, 'core_attn+moe'],
    [{ ...SELECTIVE, 'recompute-modules': 'mlp layernorm' }, 'mlp+layernorm'],
    [{ ...SELECTIVE, 'recompute-modules': 'mlp', 'moe-layer-recompute': '' }, 'mlp+moe'],
    [{}, 'none'],
  ])('%j is %s', (changed, recompute) => expect(configured(changed)).toMatchObject({ recompute }));

  it('of a block counts layers in each chunk of a pipeline rank', () => {
    expect(block(3)).toMatchObject({ recompute: 'full:3' });
    expect(block(3, { [VIRTUAL]: '2' })).toMatchObject({ recompute: 'full:6' });
    expect(block(4, { [VIRTUAL]: '2' })).toMatchObject({ recompute: 'full' });
    expect(block(20, { [LAYOUT]: 'Et*10|t*10|t*6|t*6L' })).toMatchObject({ recompute: 'full' });
    expect(block(8, { [LAYOUT]: 'Et*10|t*10|t*6|t*6L' })).toMatchObject({ recompute: 'full:8' });
    expect(() => block(4, { [LAYOUT]: 'Et*6|t*4|t*4|t*2|t*2|t*4|t*4|t*6L' })).toThrow(
      /covers 6\/8\/8\/6 layers of the stages/,
    );
  });
});

describe('the cut', () => {
  it.each([
    [{ [FIRST]: '5' }, '5/9/9/9'],
    [{ [LAST]: '5' }, '9/9/9/5'],
    [{ [FIRST]: '6', [LAST]: '10', [VIRTUAL]: '2' }, '3/4/4/5/3/4/4/5'],
    [
      {
        'num-layers': '30',
        'account-for-embedding-in-pipeline-split': '',
        'account-for-loss-in-pipeline-split': '',
      },
      '7/8/8/7',
    ],
    [{ 'num-layers': '31', 'account-for-loss-in-pipeline-split': '', [PER_VIRTUAL]: '4' }, '4/4/4/4/4/4/4/3'],
  ])('%j is %s', (changed, layers) => expect(configured(changed)).toMatchObject({ layers }));

  it('of one stage, or of none between, is whole', () => {
    const two = { 'pipeline-model-parallel-size': '2', [FIRST]: '17', [LAST]: '15' };
    expect(configured(two)).toMatchObject({ layers: '17/15' });
    expect(() => configured({ ...two, 'pipeline-model-parallel-size': '1' })).toThrow(InputError);
    expect(() => configured({ [FIRST]: '7' })).toThrow(/25 layers for 3 stages between/);
  });

  it('says no experts by 0', () => {
    expect(configured({ 'num-experts': '0' })).not.toHaveProperty('etp');
  });
});

describe('Megatron-Bridge', () => {
  const asked = (text: string) => read('megatron-bridge', text).asked().precision;
  it.each([
    ['mixed_precision=bf16_mixed', 'bf16'],
    ['mixed_precision=bf16-mixed', 'bf16'],
    ['mixed_precision=fp16_mixed', 'fp16'],
    ['mixed_precision=bf16_with_fp8_current_scaling_mixed', 'fp8'],
    ['mixed_precision=bf16_with_fp8_delayed_scaling_mixed', 'fp8'],
    ['mixed_precision=nemotron_h_bf16_with_fp8_current_scaling_mixed', 'fp8'],
    ['mixed_precision=bf16_with_mxfp8_mixed', 'mxfp8'],
    ['mixed_precision=bf16_with_nvfp4_mixed', 'nvfp4'],
    ['mixed_precision.fp8=hybrid', 'fp8'],
    ['mixed_precision.fp8=e4m3\nmixed_precision.fp8_recipe=mxfp8', 'mxfp8'],
  ])('%s', (text, precision) => expect(asked(text)).toBe(precision));

  it.each([
    ['mixed_precision=16-mixed', /mixed_precision is "16-mixed"/],
    ['mixed_precision=bf16_with_fp8_subchannel_scaling_mixed', /blockwise is no precision/],
    ['mixed_precision=nanov2_bf16_with_fp8_current_scaling_mixed', /blockwise is no precision/],
  ])('%s', (text, message) => expect(() => asked(text)).toThrow(message));

  it('scales from the tensor itself where it says no recipe', () => {
    const text = `mixed_precision.fp8=hybrid\nmodel.recompute_granularity=selective\nmodel.recompute_modules=[layernorm]`;
    expect(read('megatron-bridge', text).violations(null)).toEqual([]);
  });
});

describe('Primus', () => {
  const primus = (overrides: Readonly<Record<string, unknown>>) =>
    read(
      'primus',
      JSON.stringify({
        modules: {
          pre_trainer: { overrides: { num_layers: 16, pipeline_model_parallel_size: 4, ...overrides } },
        },
      }),
    );
  const split = 'decoder_pipeline_manual_split_list';
  const virtual = 'num_virtual_stages_per_pipeline_rank';
  const FULL_LAYERS = { recompute_granularity: 'full' };
  const rules = (overrides: Readonly<Record<string, unknown>>) =>
    primus(overrides)
      .violations(null)
      .map(({ rule }) => rule);

  it('counts a manual split rank by rank', () => {
    // The example of its own docstring: ranks of [2,3], [2,2], [2,2] and [2,1].
    const file = { [split]: [2, 3, 2, 2, 2, 2, 2, 1], [virtual]: 2 };
    expect(primus(file).asked().configuration).toMatchObject({ vpp: '2', layers: '2/2/2/2/3/2/2/1' });
    expect(rules(file)).toEqual([]);
  });

  it.each([
    ['manual-split', { [split]: [4, 4, 4, 4], [virtual]: 2 }],
    ['manual-split', { [split]: [4, 4, 4, 4], account_for_loss_in_pipeline_split: true }],
    ['manual-split', { [split]: [16], pipeline_model_parallel_size: 1 }],
    ['layout', { [split]: [4, 4, 4, 3] }],
    ['recompute-layer-ids', { recompute_layer_ids: [0, 16], ...FULL_LAYERS }],
    ['recompute-layer-ids', { recompute_layer_ids: [0], recompute_granularity: 'selective' }],
    ['recompute-layer-ids', { recompute_layer_ids: [0], recompute_method: 'block', ...FULL_LAYERS }],
  ])('refuses by %s', (rule, overrides) => expect(rules(overrides)).toContain(rule));

  it('does not take a list of another length for a cut', () => {
    expect(() => primus({ [split]: [4, 4, 4, 4], [virtual]: 2 }).asked()).toThrow(/has 4 counts/);
  });

  it('counts the layers to recompute on each stage', () => {
    const ids = (recompute_layer_ids: readonly number[]) =>
      primus({ recompute_layer_ids, ...FULL_LAYERS }).asked().configuration;
    expect(rules({ recompute_layer_ids: [0, 4, 8, 12], ...FULL_LAYERS })).toEqual([]);
    expect(ids([0, 1, 4, 5, 8, 9, 12, 13])).toMatchObject({ recompute: 'full:2' });
    expect(() => ids([0, 1])).toThrow(/covers 2\/0\/0\/0 layers/);
  });
});

describe('hybrid context parallelism', () => {
  const hybrid = (most: string) =>
    read(
      'megatron',
      dense({
        'hybrid-context-parallel': '',
        'context-parallel-size': '2',
        'max-seqlen-per-dp-cp-rank': most,
      }),
    ).asked();

  it('is noted, and estimated as plain where a rank then has as many tokens or more', () => {
    expect(hybrid('2048').notes).toEqual([
      '--hybrid-context-parallel is not estimated: every sample is split over all 2 context-parallel ranks, and none is by its own length',
    ]);
  });

  it('is refused where a rank may have more tokens than are estimated', () => {
    expect(() => hybrid('4096')).toThrow(
      /--max-seqlen-per-dp-cp-rank is 4096, where a rank of cp=2 has 2048 tokens/,
    );
  });
});
