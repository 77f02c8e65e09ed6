import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';

describe('layers folded as tables fold them', () => {
  it.each(['9×3/26/27', '9x3/26/27', '9*3/26/27', '9/9/9/26/27'])('%s are five stages', (text) => {
    expect(parseConfiguration(`layers=${text}`).layers).toEqual([9, 9, 9, 26, 27]);
  });

  it.each(['9×0', '×3', '9×3×2', '9×99999'])('%s are refused', (text) => {
    expect(() => parseConfiguration(`layers=${text}`)).toThrow(/layers is "/);
  });
});
