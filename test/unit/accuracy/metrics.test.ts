import { describe, expect, it } from 'vitest';
import { mape, median, quantile, regret, spearman } from '../../../src/accuracy/metrics.ts';
import { readRows } from '../../../src/runs/rows.ts';
import { worse } from '../../../tools/accuracy/baseline.ts';

describe('accuracy metrics', () => {
  it('averages absolute errors', () => {
    expect(mape([0.1, -0.3])).toBeCloseTo(0.2);
    expect(mape([])).toBeNull();
    expect(median([3, 1, 2])).toBe(2);
    expect(quantile([0, 10], 0.9)).toBeCloseTo(9);
  });

  it('ranks with ties', () => {
    expect(spearman([1, 2, 3], [10, 20, 30])).toBeCloseTo(1);
    expect(spearman([1, 2, 3], [30, 20, 10])).toBeCloseTo(-1);
    expect(spearman([1, 1, 1], [1, 2, 3])).toBeNull();
    expect(spearman([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(0.9487, 3);
  });

  it('charges what the chosen plan loses', () => {
    expect(regret([1, 2, 3], [12, 10, 11])).toBeCloseTo(0.2);
    expect(regret([1, 2, 3], [12, 10, 11], 2)).toBeCloseTo(0);
    expect(regret([1, 2], [1, 2])).toBeNull();
  });

  it('reports what got worse and what vanished', () => {
    const none = { memory: {}, band: {} };
    const before = {
      ...{ ...none, time: { a: 5, b: 5, c: 5 } },
      ...{ layers: { 'speed ratio all': 9 }, outside: { all: 20 } },
    };
    const now = {
      ...{ ...none, time: { a: 5.2, b: 5.4 } },
      ...{ layers: { 'speed ratio all': 9.4 }, outside: { all: 21 } },
    };
    expect(worse(now, before)).toEqual([
      'time of b: 5.4 %, was 5 %',
      'time of c is no longer scored',
      'layers of speed ratio all: 9.4 %, was 9 %',
      'outside of all: 21 %, was 20 %',
    ]);
  });

  it('names lines that are no rows', () => {
    const { rows, problems } = readRows([
      { path: 'x', text: '{"model":{},"hardware":{},"config":{}}\n\nnot json\n{}' },
    ]);
    expect(rows).toHaveLength(2);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^x:3: /);
  });
});
