import { describe, expect, it } from 'vitest';
import { alike, maybe, nearest } from '../../../src/units/nearest.ts';

describe('nearest', () => {
  it.each([
    ['seq-lenght', ['seq-length', 'global-batch'], 'seq-length'],
    ['H100-SXM', ['a100-80-sxm', 'h100-sxm'], 'h100-sxm'],
    ['tp', ['vpp', 'tcp'], 'tcp'],
    ['ab', ['aXb', 'abX'], 'aXb'],
    ['gpt', [], undefined],
    ['frobnicate', ['plan', 'estimate'], undefined],
  ])('%s among %j is %s', (word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected);
  });
});

describe('names of a catalogue that are alike', () => {
  const clusters = [
    'dgx-a100-8',
    'dgx-h100-64',
    'dgx-h100-8',
    'gb200-nvl72-72',
    'mixed-a100-v100',
    'v100-cloud-32',
  ];

  it.each([
    ['v100-8', ['v100-cloud-32', 'mixed-a100-v100']],
    ['h100-8', ['dgx-h100-8']],
    ['64xh100', ['dgx-h100-64']],
    ['DGX-H100-9', ['dgx-h100-8']],
    ['gb200', ['gb200-nvl72-72']],
    ['8', []],
    ['frobnicate', []],
  ])('%s', (word, expected) => expect(alike(word, clusters)).toEqual(expected));

  it('are said in one line', () => {
    expect(maybe([])).toBeUndefined();
    expect(maybe(['a'])).toBe('Maybe "a".');
    expect(maybe(['a', 'b', 'c'])).toBe('Maybe "a", "b" or "c".');
  });
});
