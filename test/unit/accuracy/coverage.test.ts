import { describe, expect, it } from 'vitest';
import { coverageOf } from '../../../src/accuracy/coverage.ts';
import type { Scored } from '../../../src/accuracy/score.ts';

const run = (group: string, stepError: number, gpu = 'h100-sxm'): Scored =>
  ({
    ...{ id: `${group} ${stepError}`, group, stepError, band: 0.2, runKind: 'dense' },
    row: { hardware: { gpu, gpus: 64 } },
  }) as unknown as Scored;

describe('how often the printed band holds', () => {
  const rows = [run('a', 0.1), run('a', -0.3), run('b', 0.15), run('c', 0.01, 'rtx-4090')];

  it('counts each source alike, by kind of run, GPU and extent', () => {
    const found = coverageOf(rows, {});
    expect(found.all).toEqual({
      rows: 4,
      sources: 3,
      inside: 2.5 / 3,
      leftOut: 2.5 / 3,
      band: expect.closeTo(0.2, 9),
    });
    expect(found.dense).toEqual(found.all);
    expect(found['at most 64 GPUs']).toEqual(found.all);
    expect(found['Ampere to Blackwell']).toMatchObject({ rows: 3, inside: 0.75 });
    expect(found['AMD, consumer and older GPUs']).toMatchObject({ rows: 1, inside: 1 });
  });

  it('has the errors of a source grow to what they are where it is left out, and never shrink', () => {
    const found = coverageOf(rows, { b: { error: 0.45 }, a: { error: 0.01 } });
    expect(found.all).toMatchObject({ inside: 2.5 / 3, leftOut: 1.5 / 3 });
  });

  it('leaves out what has no time', () => {
    const { stepError: _, ...untimed } = run('d', 0);
    expect(coverageOf([...rows, untimed], {}).all!.rows).toBe(4);
  });
});
