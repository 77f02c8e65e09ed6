import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/units/nearest.ts';

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
