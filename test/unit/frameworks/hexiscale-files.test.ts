import { describe, expect, it } from 'vitest';
import { hexiscale } from '../../../src/frameworks/hexiscale/index.ts';
import { unmatchedLayer } from '../../../src/frameworks/hexiscale/pipelines.ts';
import { sourceOf } from '../../fixtures/source.ts';

const SAMPLE = `--model_size llama-7b --total-layer-num 32 --hetero_configs "[[4, 2], [2]]" --layer_partitions "[[20, 12], [32]]"
--chunks 12 4 --global_bsz_size 24 8 --mixed_precision bf16 --pipeline-type 1F1B --default_dp_type ddp`;
const read = (text: string) => hexiscale.reader!.read(sourceOf(text));
const changed = (from: string, to: string) => SAMPLE.replace(from, to);

describe('rules of the file', () => {
  const broken: readonly (readonly [rule: string, text: string, gpus: number])[] = [
    ['world-size', SAMPLE, 9],
    ['heads-divisible-by-tp', changed('[[4, 2]', '[[5, 2]'), 9],
    ['stages-of-partition', changed('[20, 12]', '[20, 10, 2]'), 8],
    ['layers-of-partition', changed('[20, 12]', '[20, 11]'), 8],
    ['batch-of-chunks', changed('24 8', '23 8'), 8],
    ['pipeline-type', changed('1F1B', 'ZB'), 8],
    ['dp-type', changed('ddp', 'zero1'), 8],
    ['mixed-precision', changed('--mixed_precision bf16', '--mixed_precision bfloat16'), 8],
    ['model-size', changed('llama-7b', 'llama-2-7b'), 8],
    ['values-of-pipelines', changed('--chunks 12 4', '--chunks 4'), 8],
    ['values-of-pipelines', changed('--global_bsz_size 24 8', '--global_bsz_size 24'), 8],
    ['accumulation', `${SAMPLE} --accum-iter 21`, 8],
    ['accumulation', `${SAMPLE} --accum-iter 4 --run-iter 2`, 8],
    ['known-flags', changed('--total-layer-num', '--total_layer_num'), 8],
    ['known-flags', `${SAMPLE} --chekpoint-layers`, 8],
    // 40 heads: 4 and 5 divide them, but 4 does not divide 5.
    ['tp-divides-largest', changed('llama-7b', 'llama-13b').replace('[2]', '[5]'), 11],
  ];

  it.each(broken)('%s: %s', (rule, text, gpus) => {
    const found = read(text).violations(gpus);
    expect(found.map((one) => one.rule)).toContain(rule);
    for (const { fix } of found) expect(fix).toMatch(/\.$/);
  });

  it('are all tried', () => {
    const tried = new Set(broken.map(([rule]) => rule));
    expect(hexiscale.reader!.rules.map(({ rule }) => rule).sort()).toEqual([...tried].sort());
  });

  it.each([
    ['as it is', SAMPLE],
    [
      'the last values for the pipelines that follow',
      changed('--chunks 12 4', '--chunks 12').replace('24 8', '24'),
    ],
    ['as many accumulated as run', `${SAMPLE} --accum-iter 20`],
    ['flags of its Megatron-LM and its own', `${SAMPLE} --checkpoint-layers --lr 1e-4 --num-workers 2`],
    ['llama-7b left out', changed('--model_size llama-7b ', '')],
  ])('are kept: %s', (_, text) => expect(read(text).violations(8)).toEqual([]));
});

it("tells of flags that are nobody's", () => {
  expect(read(`${SAMPLE} --our-own-switch`).asked().notes?.join()).toContain('--our-own-switch');
  expect(read(SAMPLE).asked().notes).toEqual([]);
});

it('has the defaults of its own parser', () => {
  expect(read(changed('--model_size llama-7b ', '')).asked().hiddenSize).toBe(4096);
  expect(read(changed('--mixed_precision bf16 ', '')).asked().precision).toBe('fp16');
  expect(read(changed('--mixed_precision bf16', '--mixed_precision fp32')).asked().precision).toBe('fp32');
});

describe('tensor parallelism of a layer', () => {
  const pipeline = (degrees: number[], layers: number[]) => ({ degrees, layers, microBatches: 1 });

  it('is brought together where each divides the largest', () => {
    expect(unmatchedLayer([pipeline([4, 2], [20, 12]), pipeline([1, 8], [16, 16])])).toBeNull();
    expect(unmatchedLayer([pipeline([3, 4], [16, 16]), pipeline([3, 4], [16, 16])])).toBeNull();
    expect(unmatchedLayer([pipeline([3, 4], [16, 16]), pipeline([3, 4], [15, 17])])).toEqual({
      ...{ layer: 15, tp: 3, largest: 4 },
    });
  });
});
