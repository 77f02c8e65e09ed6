import { describe, expect, it } from 'vitest';
import { alphaBeta, fittedLines, lineSeconds } from '../../../src/importers/facts/line-fit.ts';
import { powers } from '../../fixtures/imported.ts';

const points = (seconds: (bytes: number) => number, sizes = powers(8, 32)) =>
  sizes.map((bytes) => ({ bytes, seconds: seconds(bytes) }));

describe('one line', () => {
  it('finds the latency and bandwidth that times were made of, small and large sizes counting alike', () => {
    const line = alphaBeta(points((n) => 25e-6 + n / 268e9))!;
    expect(line.latency).toBeCloseTo(25e-6, 9);
    expect(line.bandwidth / 1e9).toBeCloseTo(268, 3);
  });

  it('never has a latency below zero, and then the slope is that of a line through zero', () => {
    const line = alphaBeta([
      { bytes: 1e6, seconds: 1e-6 },
      { bytes: 2e6, seconds: 4e-6 },
    ])!;
    expect(line.latency).toBe(0);
    // Weights 1/t²: Σ(n/t)² / Σ(n/t).
    expect(line.bandwidth).toBeCloseTo((1e12 ** 2 + 0.5e12 ** 2) / (1e12 + 0.5e12), 0);
  });

  it.each([
    ['one size', [{ bytes: 8, seconds: 1e-6 }]],
    [
      'one size twice',
      [
        { bytes: 8, seconds: 1e-6 },
        { bytes: 8, seconds: 2e-6 },
      ],
    ],
    [
      'times that fall',
      [
        { bytes: 8, seconds: 2e-6 },
        { bytes: 16, seconds: 1e-6 },
      ],
    ],
  ])('is none for %s', (_, few) => {
    expect(alphaBeta(few)).toBeNull();
    expect(fittedLines(few)).toEqual([]);
  });
});

describe('two lines', () => {
  // NVLink 4, all-reduce on 8 GPUs (hardware-profiles/links/nvlink4.yaml).
  const nvlink4 = (n: number) => Math.min(16.77e-6 + n / 124.6e9, 60.85e-6 + n / 258.3e9);

  it('finds both of a curve of two regimes, the slow one first', () => {
    const [small, large, ...more] = fittedLines(points(nvlink4));
    expect(more).toEqual([]);
    expect(small!.latency * 1e6).toBeCloseTo(16.77, 1);
    expect(small!.bandwidth / 1e9).toBeCloseTo(124.6, 0);
    expect(large!.latency * 1e6).toBeCloseTo(60.85, 0);
    expect(large!.bandwidth / 1e9).toBeCloseTo(258.3, 0);
  });

  it('is within 1 % where one line is off by 10 %', () => {
    const measured = points(nvlink4);
    const worst = (lines: ReturnType<typeof fittedLines>) =>
      Math.max(...measured.map(({ bytes, seconds }) => Math.abs(lineSeconds(lines, bytes) / seconds - 1)));
    expect(worst([alphaBeta(measured)!])).toBeGreaterThan(0.1);
    expect(worst(fittedLines(measured))).toBeLessThan(0.01);
  });

  it('keeps one for a straight line, exact or with noise', () => {
    const straight = (n: number) => 25e-6 + n / 268e9;
    expect(fittedLines(points(straight))).toHaveLength(1);
    const noisy = powers(8, 32).map((bytes, i) => ({
      bytes,
      seconds: straight(bytes) * (1 + 0.02 * Math.sin(9 * i)),
    }));
    expect(fittedLines(noisy)).toHaveLength(1);
  });

  it('takes points in any order and leaves out those without a size or a time', () => {
    const odd = [...points(nvlink4).reverse(), { bytes: 0, seconds: 1e-6 }, { bytes: 64, seconds: 0 }];
    expect(fittedLines(odd)).toEqual(fittedLines(points(nvlink4)));
  });
});
