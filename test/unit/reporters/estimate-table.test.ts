import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { estimateTable } from '../../../src/reporters/estimate-table.ts';
import { GiB } from '../../../src/units/quantity.ts';
import { inTwo, MIXED, planned } from '../frameworks/fixture.ts';
import {
  expectNarrow,
  expectShown,
  NARROW,
  percentIn,
  secondsIn,
  sumOf,
  tableOf,
  UNEVEN,
  unwrapped,
  WIDE,
} from './fixture.ts';

const PLAN = planned(MIXED, UNEVEN);
const COSTED = estimate(MIXED, PLAN);
const table = (full: boolean, style = WIDE) =>
  estimateTable(MIXED, PLAN, COSTED, { inferred: [] }, style, full);

/** Sixteen stages of which one in the middle has far more layers than its neighbours. */
const DEEP = planned(MIXED, 'tp=4,pp=16,layers=5/5/5/5/5/5/5/5/5/9/5/5/4/4/4/4,recompute=full,micro-batch=1');
const DEEP_TEXT = estimateTable(MIXED, DEEP, estimate(MIXED, DEEP), { inferred: [] }, NARROW, false);

describe('where the step goes', () => {
  const rows = tableOf(table(false), 'where the step goes');
  const parts = rows.slice(0, -1);

  it('has the parts of the estimate, and no others', () => {
    const shares = Object.entries(COSTED.time).filter(([, seconds]) => seconds > 1e-5 * COSTED.stepSeconds);
    expect(parts.map(([name]) => name)).toEqual(shares.map(([name]) => name));
    for (const [name, time] of parts) expectShown(secondsIn(time!), COSTED.time[name!]!, name);
  });

  it('sums to the step, and to all of it', () => {
    const [, step, share] = rows.at(-1)!;
    expectShown(secondsIn(step!), COSTED.stepSeconds);
    expect(percentIn(share!)).toBe(100);
    const percent = parts.reduce((sum, row) => sum + percentIn(row[2]!), 0);
    expect(percent).toBeCloseTo(100, 6);
    for (const [name, , part] of parts)
      expect(
        Math.abs(percentIn(part!) - (100 * COSTED.time[name!]!) / COSTED.stepSeconds),
        name,
      ).toBeLessThan(0.2);
  });
});

describe('memory by stage', () => {
  it('names each stage with its GPU, layers, bytes and limit', () => {
    const rows = tableOf(table(false), 'stage  GPU');
    const inGiB = (bytes: number) => (bytes / GiB).toFixed(1);
    const known = COSTED.stages.map(({ stage, group, layers, memory }) => [
      `${stage}`,
      MIXED.cluster.groups[group]!.gpu.id,
      `${layers}`,
      inGiB(memory.allocatedBytes),
      inGiB(memory.deviceBytes),
      inGiB(memory.limitBytes),
      memory.peakAt,
      memory.verdict,
    ]);
    expect(rows).toEqual(known);
    expect(new Set(rows.map(([, gpu]) => gpu))).toEqual(new Set(['h100-sxm', 'a100-40-sxm']));
  });

  it('has all parts of the fullest, to its device total', () => {
    // By share of its own limit: the A100 of a stage with fewer bytes can be the fuller one.
    const cut = planned(MIXED, 'tp=8,pp=4,dp=2,layers=23/23/17/17');
    const costed = estimate(MIXED, cut);
    const share = (s: number) => costed.stages[s]!.memory.deviceBytes / costed.stages[s]!.memory.limitBytes;
    const fullest = [1, 2, 3].reduce((a, b) => (share(b) > share(a) ? b : a), 0);
    const { memory } = costed.stages[fullest]!;
    expect(memory.deviceBytes).toBeLessThan(costed.stages[0]!.memory.deviceBytes);
    const text = estimateTable(MIXED, cut, costed, { inferred: [] }, WIDE, false);
    const rows = tableOf(text, `memory of stage ${fullest}, the fullest`);
    const bytes = rows.reduce((sum, row) => sum + Number(row[1]), 0);
    expect(bytes.toFixed(2)).toBe((memory.deviceBytes / GiB).toFixed(2));
    const percent = rows.reduce((sum, row) => sum + percentIn(row[2]!), 0);
    expect(Math.abs(percent - 100)).toBeLessThanOrEqual(0.05 * rows.length);
  });

  it('of a deep pipeline shows few stages: the ends, the first of each group, and always the fullest', () => {
    const rows = tableOf(DEEP_TEXT, 'stage  GPU');
    const stages = rows.map(([stage]) => Number(stage));
    expect(stages).toEqual(expect.arrayContaining([0, 8, 9, 15]));
    expect(stages.length).toBeLessThan(8);
    expect(rows.find(([stage]) => stage === '9')).toContain('does-not-fit');
  });

  it('tells the stages of one pipeline from those of another', () => {
    const plan = inTwo(PLAN);
    const costed = estimate(MIXED, plan);
    const text = estimateTable(MIXED, plan, costed, { inferred: [] }, NARROW, true);
    const names = tableOf(text, 'stage  GPU').map(([stage]) => stage);
    expect(names).toEqual(['0.0', '0.1', '0.2', '0.3', '1.0', '1.1', '1.2', '1.3']);
    for (const name of names) expect(text).toContain(`stage ${name}`);
  });
});

describe('the verdict', () => {
  /** The problem with as much headroom as leaves stage 0 its device bytes times `room`. */
  const leaving = (room: number): Problem => {
    const { memory } = COSTED.stages[0]!;
    const headroom = 1 - (room * memory.deviceBytes) / MIXED.cluster.groups[0]!.gpu.memoryBytes;
    return { ...MIXED, workload: { ...MIXED.workload, headroom } };
  };

  it.each([
    [1.06, 'fits', 'fits'],
    [1.02, 'tight', 'tight'],
    [0.98, 'does-not-fit', 'does not fit'],
  ] as const)('with %d of the bytes allowed is %s, of the stage and of the whole', (room, verdict, words) => {
    const problem = leaving(room);
    const text = estimateTable(problem, PLAN, estimate(problem, PLAN), { inferred: [] }, WIDE, false);
    expect(tableOf(text, 'stage  GPU')[0]).toContain(verdict);
    expect(text).toContain(`memory: ${words} (`);
  });
});

describe('explained in full', () => {
  const stagesOf = (text: string, head: string) => {
    const blocks = text.split('\n\n').filter((block) => block.startsWith(head));
    return blocks.flatMap((block) => {
      const [first, ...rest] = block.split('\n').map((line) => line.split(/ {2,}/));
      return first!.slice(1).map((name, i) => ({ name, column: rest.map((row) => row[i + 1]!) }));
    });
  };

  it.each([NARROW, WIDE])('has a column for each stage, at $columns columns', (style) => {
    for (const head of ['GiB at the peak, by stage', 'one micro-batch, by stage'])
      expect(stagesOf(table(true, style), head).map(({ name }) => name)).toEqual(
        COSTED.stages.map(({ stage }) => `stage ${stage}`),
      );
  });

  it('has memory that sums to the device bytes of each stage', () => {
    for (const [i, { column }] of stagesOf(table(true), 'GiB at the peak, by stage').entries()) {
      const parts = column.slice(0, -1).map((cell) => (cell === '–' ? 0 : Number(cell)));
      const device = Number(column.at(-1));
      expect(device).toBeCloseTo(COSTED.stages[i]!.memory.deviceBytes / GiB, 2);
      expect(Math.abs(parts.reduce((a, b) => a + b, 0) - device)).toBeLessThanOrEqual(0.005 * column.length);
    }
  });

  it('has times that sum to one micro-batch of each stage', () => {
    for (const [i, { column }] of stagesOf(table(true), 'one micro-batch, by stage').entries()) {
      const whole = sumOf(COSTED.stages[i]!.compute);
      expectShown(secondsIn(column.at(-1)!), whole);
      expectShown(
        column.slice(0, -1).reduce((sum, cell) => sum + secondsIn(cell), 0),
        whole,
      );
    }
  });
});

describe('on the page', () => {
  it.each([80, 160])('no line is wider than %i columns', (columns) => {
    const style = { columns, color: false };
    expectNarrow(
      estimateTable(MIXED, DEEP, estimate(MIXED, DEEP), { inferred: ['cp=1'] }, style, true),
      columns,
    );
  });

  it('colour changes no word of it, and lets no line grow', () => {
    const colored = table(true, { ...NARROW, color: true });
    const plain = colored.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '');
    expect(colored).not.toBe(plain);
    expect(unwrapped(plain)).toBe(unwrapped(table(true, NARROW)));
    expect(table(true, NARROW)).not.toContain(String.fromCharCode(27));
  });

  it('says what was inferred and assumed, each', () => {
    const text = unwrapped(
      estimateTable(
        MIXED,
        PLAN,
        { ...COSTED, assumptions: ['this', 'that'] },
        { inferred: ['cp=1', 'vpp=1'] },
        NARROW,
        false,
      ),
    );
    expect(text).toContain(
      'Inferred: cp=1, vpp=1. Weakest figure used: datasheet. Assumed: this. Assumed: that.',
    );
  });
});
