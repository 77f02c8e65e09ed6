import { describe, expect, it } from 'vitest';
import { violations } from '../../../src/document/validator.ts';
import { sweepDocument, sweepTable } from '../../../src/reporters/sweep.ts';
import type { Sweep } from '../../../src/reporters/sweep-words.ts';
import { SCHEMAS } from '../../../src/schema/index.ts';
import { MIXED } from '../frameworks/fixture.ts';
import {
  expectNarrow,
  expectShown,
  MADE_BY,
  NARROW,
  percentIn,
  ranked,
  secondsIn,
  tableOf,
  taking,
  UNEVEN,
  unwrapped,
  WIDE,
} from './fixture.ts';

const HALF = ranked(MIXED, 'tp=8,pp=4,dp=1,groups=h100');
const WHOLE = ranked(MIXED, UNEVEN);
const point = (budget: number, seconds: number | null) => ({
  budget,
  plan: seconds === null ? null : taking(seconds, budget > 32 ? WHOLE : HALF),
});
const byGpus = (...points: readonly (readonly [number, number | null])[]): Sweep => ({
  kind: 'gpus',
  rank: 'steady',
  points: points.map(([budget, seconds]) => point(budget, seconds)),
  cut: null,
});
const told = (sweep: Sweep) => unwrapped(sweepTable(MIXED, [sweep], NARROW)).trim();

describe('a sweep', () => {
  const sweep = byGpus([8, null], [32, 10], [64, 8]);
  const rows = tableOf(sweepTable(MIXED, [sweep], WIDE), 'GPUs');

  it('has the figures of each plan, and what a GPU does against the first that fits', () => {
    expect(rows[0]).toEqual(['8', 'nothing fits']);
    const tokens = MIXED.workload.sequenceLength * MIXED.workload.globalBatchSize;
    for (const [row, gpus, seconds, share] of [
      [rows[1]!, 32, 10, 100],
      [rows[2]!, 64, 8, (100 * (tokens / 8 / 64)) / (tokens / 10 / 32)],
    ] as const) {
      const [budget, step, perSecond, perGpu] = row;
      expect(budget).toBe(`${gpus}`);
      expectShown(secondsIn(step!), seconds);
      expect(Number(perSecond!.replaceAll(',', ''))).toBe(Math.round(tokens / seconds));
      expect(percentIn(perGpu!)).toBeCloseTo(share, 1);
    }
  });

  it('names the GPUs of a mixed plan and how full each type is', () => {
    const text = sweepTable(MIXED, [sweep], WIDE);
    expect(text).toMatch(/h100-sxm [\d.]+\/72\.8\n.*a100-40-sxm [\d.]+\/36\.2/);
    expect(rows.slice(1).flatMap((row) => row[4] ?? [])).toEqual(['32 h100', '32 h100 + 32 a100-40']);
  });

  it('of memory goes by shares', () => {
    const text = sweepTable(
      MIXED,
      [{ kind: 'pareto-memory', rank: 'steady', points: [point(0.9, 10)], cut: null }],
      NARROW,
    );
    expect(tableOf(text, 'memory')[0]![0]).toBe('90.0%');
    expect(text).not.toContain('Scaling');
  });

  it('has a document that is as its schema says, with a null where nothing fits', () => {
    const document = sweepDocument(MIXED, [sweep], MADE_BY);
    expect(document.sweeps[0]!.points.map(({ plan }) => plan?.stepTimeSeconds ?? null)).toEqual([
      null,
      10,
      8,
    ]);
    expect(violations(SCHEMAS.sweep!, document)).toEqual([]);
  });

  it.each([80, 120, 160])('is no wider than %i columns', (columns) => {
    expectNarrow(sweepTable(MIXED, [sweep], { columns, color: false }), columns);
  });
});

describe('scaling', () => {
  it.each([
    [byGpus([32, 10], [64, 6]), 'Scaling pays up to the largest size asked for.'],
    [byGpus([32, 10], [64, 7]), 'Scaling stops paying at 32 GPUs: 64 are 1.43× as fast.'],
    [byGpus([16, null], [32, 10], [64, 11]), 'Scaling pays up to 32 GPUs; more bring nothing.'],
    [byGpus([32, 10], [64, 9.8]), '32 GPUs are within 5.0% of the fastest.'],
  ])('%#: %o', (sweep, words) => {
    expect(told(sweep)).toContain(words);
  });

  it.each([[byGpus([8, null], [16, null])], [byGpus([8, null], [16, 5])], [byGpus([8, 5])]])(
    '%#: nothing is said of it where no two sizes can be compared',
    (sweep) => {
      expect(told(sweep)).not.toContain('Scaling');
    },
  );
});

describe('a sweep that was stopped', () => {
  it.each([
    ['gpus', [32, 64], 'Out of time: not searched to the end: at most 32, 64 GPUs.'],
    ['pareto-memory', [0.31], 'Out of time: not searched to the end: plans with at most 31.0% of memory.'],
    ['pareto-gpus', [12, 13, 16], 'Out of time: not searched to the end: plans with 12 to 16 GPUs.'],
    ['pareto-gpus', [12], 'Out of time: not searched to the end: plans with 12 GPUs.'],
  ] as const)('says what was left: %s %j', (kind, left, words) => {
    const cut = { by: 'time-limit', left };
    expect(told({ kind, rank: 'steady', points: [point(8, 10)], cut })).toContain(words);
    expect(told({ kind, rank: 'steady', points: [], cut: { ...cut, by: 'interrupt' } })).toContain(
      'Interrupted: not',
    );
    const document = sweepDocument(MIXED, [{ kind, rank: 'steady', points: [], cut }], MADE_BY);
    expect(document.sweeps[0]!.cut).toEqual(cut);
    expect(violations(SCHEMAS.sweep!, document)).toEqual([]);
  });
});
